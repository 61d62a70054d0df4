"""Messages as a journal holds them, and where what was read from one gets its type."""

# No `from __future__ import annotations`: as texts, they would hide which keys are required.

from collections.abc import Mapping
from typing import Any, Final, Literal, NotRequired, TypeAlias, TypeGuard

from .annotation import AnnotationMessage
from .dataflow import DataflowMessage
from .task import TaskMessage

__all__ = [
    "ANNOTATION",
    "DATAFLOW",
    "TASK",
    "JournalAnnotation",
    "JournalDataflow",
    "JournalTask",
    "UncheckedMessage",
    "is_annotation",
    "is_dataflow",
    "is_task",
]

DATAFLOW: Final = "dataflow"
TASK: Final = "task"
ANNOTATION: Final = "annotation"
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
