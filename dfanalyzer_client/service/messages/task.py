"""A task's message: what it read and wrote since its last one."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

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
"""Words of the predecessors' for a status of ours."""


def _status(value: Any) -> Any:
    if value in ABSENT:
        return TaskStatus.READY.value
    word = upper(value)
    return STATUSES.get(word, word) if isinstance(word, str) else word


class DataSetMessage(Message):
    """Rows of a set, each a list of values in attribute order, or these joined by ``;``."""

    tag: Tag
    elements: Annotated[list[list[Scalar] | str], Several] = []
    attributes: Annotated[
        list[Tag] | None,
        Field(description="names of the values, where they are not in the order as declared"),
    ] = None


COMPUTATION = "COMPUTATION"


def _method(value: Any) -> Any:
    return COMPUTATION if value in ABSENT else value


class PerformanceMessage(Message):
    """When something of the task began and ended."""

    startTime: Moment = None
    endTime: Moment = None
    method: Annotated[Text, BeforeValidator(_method)] = COMPUTATION
    description: OptionalText = None
    invocation: OptionalText = None

    def message(self, began: datetime | None, ended: datetime | None) -> dict[str, str]:
        """The period as our own client sends it, in UTC."""
        said = {
            "startTime": None if began is None else stored_time(began),
            "endTime": None if ended is None else stored_time(ended),
            "method": self.method,
            "description": self.description,
            "invocation": self.invocation,
        }
        return {name: value for name, value in said.items() if value is not None}


class FileMessage(Message):
    """A file that the task used."""

    name: Text
    path: Annotated[Text, BeforeValidator(empty_text_if_none)] = ""


class TaskMessage(Message):
    """A task, and what was said of it since its last message."""

    id: TaskId
    exec: Annotated[
        Text | None,
        BeforeValidator(none_if_absent),
        Field(description="without it, the newest execution of the dataflow"),
    ] = None
    dataflow: Tag
    transformation: Tag
    status: Annotated[
        Literal["READY", "RUNNING", "FINISHED", "FAILED", "INTERRUPTED", "PRUNED", "ABANDONED"],
        BeforeValidator(_status, json_schema_input_type=str | None),
        Field(description="of FINISHED_WITH_ERROR, FAILED is stored"),
    ] = "READY"
    subid: OptionalText = None
    dependency: Annotated[DependencyMessage | None, BeforeValidator(two_lists)] = None
    workspace: OptionalText = None
    resource: OptionalText = None
    output: OptionalText = None
    error: OptionalText = None
    sets: Annotated[list[DataSetMessage], Several] = []
    performances: Annotated[list[PerformanceMessage], Several] = []
    files: Annotated[list[FileMessage], Several] = []

    def message(self, declared: str, received: datetime, zone: tzinfo | None) -> dict[str, Any]:
        """The message as our own client sends it, but for its sets.

        Its begin and its end are of one clock: the client's where this message is all that is said
        of the task, else that of the service, which receives the first and the last.

        Args:
            declared: names the declaration that it keeps to.
            received: now.
            zone: of times without one; None is this machine's.

        Raises:
            ValueError: its dependency's tags and ids do not pair, or a time is of no year.
        """
        head = {
            "id": str(self.id),
            "exec": self.exec,
            "dataflow": self.dataflow,
            "transformation": self.transformation,
            "status": self.status,
            "declared": declared,
        }
        left_out = {*head, "sets", "dependency", "performances"}
        message = head | self.model_dump(exclude_none=True, exclude=left_out)
        periods = [utc_period(each.startTime, each.endTime, zone) for each in self.performances]
        message["performances"] = [
            each.message(*period) for each, period in zip(self.performances, periods, strict=True)
        ]
        message["received"] = stored_time(received)
        if self.dependency is not None:
            message["dependency"] = self.dependency.message()
        if self.status == TaskStatus.RUNNING.value:
            message["startTime"] = message["received"]
        elif self.status in ENDED_NAMES:
            message |= _whole(periods)
        return message


def _whole(periods: list[tuple[datetime | None, datetime | None]]) -> dict[str, str]:
    """Begin and end of a task by its client's clock; neither where it does not say the end."""
    began = min((start for start, _ in periods if start is not None), default=None)
    ended = max((end for _, end in periods if end is not None), default=None)
    if ended is None or (began is not None and began > ended):
        return {}
    times = {"startTime": began, "endTime": ended}
    return {name: stored_time(each) for name, each in times.items() if each is not None}
