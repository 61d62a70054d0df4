"""A task's message: what it read and wrote since its last one."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, tzinfo
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field

from ...declarations import messages
from ...declarations.names import storable_text
from ...task_status import ENDED, TaskStatus
from .._times import stored_time, utc_period
from .dependency import DependencyMessage, two_lists
from .fields import (
    ABSENT,
    Message,
    Moment,
    OptionalText,
    Scalar,
    Several,
    Tag,
    TaskId,
    Text,
    empty_text_if_none,
    none_if_absent,
    upper,
)

__all__ = ["DataSetMessage", "TaskMessage"]

ENDED_NAMES = frozenset(status.value for status in ENDED)
STATUSES = {"FINISHED_WITH_ERROR": TaskStatus.FAILED.value}
"""Our names for statuses of the predecessors."""


def _status(value: Any) -> Any:
    if value in ABSENT:
        return TaskStatus.READY.value
    word = upper(value)
    return STATUSES.get(word, word) if isinstance(word, str) else word


def _facts(value: Any) -> dict[str, str | float | bool] | None:
    """The facts in an object, or in its JSON text, which DLProv's client sends; None for others."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(value) if isinstance(value, str) else value
    if not isinstance(value, dict):
        return None
    facts: dict[str, str | float | bool] = {}
    for name, fact in value.items():
        if isinstance(fact, bool | int | float):
            facts[str(name)] = fact
        elif isinstance(fact, str | list):
            text = fact if isinstance(fact, str) else ", ".join(map(str, fact))
            facts[str(name)] = storable_text(text)
    return facts


class DataSetMessage(Message):
    """Rows of a set: lists of values in the order of the attributes, or values joined by ``;``."""

    tag: Tag
    elements: Annotated[list[list[Scalar] | str], Several] = []
    attributes: Annotated[
        list[Tag] | None,
        Field(description="names of the values, if they are not in the declared order"),
    ] = None


COMPUTATION = "COMPUTATION"


def _method(value: Any) -> Any:
    return COMPUTATION if value in ABSENT else value


class PerformanceMessage(Message):
    """When a part of the task began and ended."""

    startTime: Moment = None
    endTime: Moment = None
    method: Annotated[Text, BeforeValidator(_method)] = COMPUTATION
    description: OptionalText = None
    invocation: OptionalText = None

    def message(
        self, began: datetime | None, ended: datetime | None
    ) -> messages.PerformanceMessage:
        """The message as our own client sends it, with its times in UTC."""
        fields: messages.PerformanceMessage = {
            "startTime": None if began is None else stored_time(began),
            "endTime": None if ended is None else stored_time(ended),
            "method": self.method,
            "description": self.description,
            "invocation": self.invocation,
        }
        return messages.without_empty(fields, ())


class FileMessage(Message):
    """A file that the task used."""

    name: Text
    path: Annotated[Text, BeforeValidator(empty_text_if_none)] = ""


class TaskMessage(Message):
    """A task, and what it read and wrote since its last message."""

    id: TaskId
    exec: Annotated[
        Text | None,
        BeforeValidator(none_if_absent),
        Field(description="default: the newest execution of the dataflow"),
    ] = None
    dataflow: Tag
    transformation: Tag
    status: Annotated[
        Literal["READY", "RUNNING", "FINISHED", "FAILED", "INTERRUPTED", "PRUNED", "ABANDONED"],
        BeforeValidator(_status, json_schema_input_type=str | None),
        Field(description="FINISHED_WITH_ERROR is stored as FAILED"),
    ] = "READY"
    subid: OptionalText = None
    dependency: Annotated[DependencyMessage | None, BeforeValidator(two_lists)] = None
    workspace: OptionalText = None
    resource: OptionalText = None
    output: OptionalText = None
    error: OptionalText = None
    email: OptionalText = None
    hardware: Annotated[
        dict[str, str | float | bool] | None,
        BeforeValidator(_facts, json_schema_input_type=dict[str, Any] | str | None),
        Field(description="facts of the machine, as an object or as its JSON text"),
    ] = None
    sets: Annotated[list[DataSetMessage], Several] = []
    performances: Annotated[list[PerformanceMessage], Several] = []
    files: Annotated[list[FileMessage], Several] = []

    def message(
        self, declared: str, received: datetime, zone: tzinfo | None
    ) -> messages.TaskMessage:
        """The message as our own client sends it, without its sets; an execution may be missing.

        Start and end are from one clock: the client's if the task has only this message, otherwise
        that of the service, which receives the first and the last message.

        Args:
            declared: key of the declaration that the task follows.
            received: the time now.
            zone: the time zone of times without one; None: this machine's.

        Raises:
            ValueError: the tags and ids of its dependency do not match, or a time is out of range.
        """
        head = {
            "id": str(self.id),
            "exec": self.exec or "",
            "dataflow": self.dataflow,
            "transformation": self.transformation,
            "status": self.status,
            "declared": declared,
        }
        excluded = {*head, "sets", "dependency", "performances"}
        fields = self.model_dump(exclude_none=True, exclude=excluded)
        message = cast(messages.TaskMessage, head | fields)  # pydantic has validated it
        periods = [
            utc_period(performance.startTime, performance.endTime, zone)
            for performance in self.performances
        ]
        message["performances"] = [
            performance.message(*period)
            for performance, period in zip(self.performances, periods, strict=True)
        ]
        message["received"] = stored_time(received)
        if self.dependency is not None:
            message["dependency"] = self.dependency.message()
        if self.status == TaskStatus.RUNNING.value:
            message["startTime"] = message["received"]
        elif self.status in ENDED_NAMES:
            began, ended = _client_times(periods)
            if began is not None:
                message["startTime"] = stored_time(began)
            if ended is not None:
                message["endTime"] = stored_time(ended)
        message["sets"] = []
        return message


def _client_times(
    periods: list[tuple[datetime | None, datetime | None]],
) -> tuple[datetime | None, datetime | None]:
    """Start and end of a task by its client's clock; neither if the client sent no end."""
    began = min((start for start, _ in periods if start is not None), default=None)
    ended = max((end for _, end in periods if end is not None), default=None)
    if ended is None or (began is not None and began > ended):
        return None, None
    return began, ended
