"""Messages as a journal holds them, and where what was read from one gets its type."""

# No `from __future__ import annotations`: as texts, they would hide which keys are required.

from collections.abc import Mapping
from typing import Any, Final, Literal, NotRequired, TypeAlias, TypeGuard

from .annotation import AnnotationMessage
from .dataflow import DataflowMessage
from .steering import SteeringOfferMessage, SteeringOutcomeMessage, SteeringRequestMessage
from .task import TaskMessage

__all__ = [
    "ANNOTATION",
    "DATAFLOW",
    "STEERING_OFFER",
    "STEERING_OUTCOME",
    "STEERING_REQUEST",
    "TASK",
    "JournalAnnotation",
    "JournalDataflow",
    "JournalSteeringOffer",
    "JournalSteeringOutcome",
    "JournalSteeringRequest",
    "JournalTask",
    "UncheckedMessage",
    "is_annotation",
    "is_dataflow",
    "is_steering_offer",
    "is_steering_outcome",
    "is_steering_request",
    "is_task",
]

DATAFLOW: Final = "dataflow"
TASK: Final = "task"
ANNOTATION: Final = "annotation"
STEERING_OFFER: Final = "steering_offer"
STEERING_REQUEST: Final = "steering_request"
STEERING_OUTCOME: Final = "steering_outcome"
"""Kinds of messages in a journal."""

UncheckedMessage: TypeAlias = Mapping[str, Any]
"""A JSON object that somebody else wrote: a record of a journal, whatever its kind."""


class JournalDataflow(DataflowMessage):
    """A dataflow's message as a journal holds it.

    Attributes:
        kind: ``dataflow``.
        said: when it was sent, in seconds since 1970.
    """

    kind: Literal["dataflow"]
    said: NotRequired[float]


class JournalTask(TaskMessage):
    """A task's message as a journal holds it; `kind` is ``task``."""

    kind: Literal["task"]


class JournalAnnotation(AnnotationMessage):
    """An annotation's message as a journal holds it; `kind` is ``annotation``."""

    kind: Literal["annotation"]


class JournalSteeringOffer(SteeringOfferMessage):
    """What may be asked of a training, as a journal holds it; `kind` is ``steering_offer``."""

    kind: Literal["steering_offer"]


class JournalSteeringRequest(SteeringRequestMessage):
    """A request to a training as a journal holds it; `kind` is ``steering_request``."""

    kind: Literal["steering_request"]


class JournalSteeringOutcome(SteeringOutcomeMessage):
    """What came of a request, as a journal holds it; `kind` is ``steering_outcome``."""

    kind: Literal["steering_outcome"]


def is_dataflow(message: UncheckedMessage) -> TypeGuard[JournalDataflow]:
    """Whether a journal's message is of a dataflow, by its kind.

    This is where a dictionary of a journal gets its type. Its parts are not looked at here:
    `Declaration.merge` checks them, and readers treat a message that lacks some as damaged.
    """
    return message.get("kind") == DATAFLOW


def is_task(message: UncheckedMessage) -> TypeGuard[JournalTask]:
    """Whether a journal's message is of a task, by its kind; see `is_dataflow`.

    The client or the service has checked its values (`Declaration.checked_task`). If somebody else
    wrote it, the store refuses what does not fit, and it becomes a dead letter.
    """
    return message.get("kind") == TASK


def is_annotation(message: UncheckedMessage) -> TypeGuard[JournalAnnotation]:
    """Whether a journal's message is of an annotation, by its kind; see `is_dataflow`.

    The store checks what is in it (`store/writing/annotations.py`).
    """
    return message.get("kind") == ANNOTATION


def is_steering_offer(message: UncheckedMessage) -> TypeGuard[JournalSteeringOffer]:
    """Whether a journal's message says what may be asked of a training; see `is_dataflow`.

    The store checks what is in it, as in the two below (`store/writing/steering.py`).
    """
    return message.get("kind") == STEERING_OFFER


def is_steering_request(message: UncheckedMessage) -> TypeGuard[JournalSteeringRequest]:
    """Whether a journal's message is a request to a training, by its kind; see `is_dataflow`."""
    return message.get("kind") == STEERING_REQUEST


def is_steering_outcome(message: UncheckedMessage) -> TypeGuard[JournalSteeringOutcome]:
    """Whether a journal's message is what came of a request, by its kind; see `is_dataflow`."""
    return message.get("kind") == STEERING_OUTCOME
