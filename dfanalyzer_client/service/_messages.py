"""Messages as DfAnalyzer's clients send them, in Python and C++, old and new."""

from __future__ import annotations

import contextlib
import functools
from datetime import datetime, tzinfo
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..declarations import messages
from ..declarations.names import MAX_NAME, checked_dataflow_tag, checked_name, checked_text
from ..task_status import ENDED, TaskStatus
from ._times import parsed_time, stored_time, utc_period

__all__ = ["SEPARATOR", "DataSetMessage", "DataflowMessage", "Scalar", "TaskMessage"]

SEPARATOR = ";"
BIGINT = 2**63 - 1
ENDED_NAMES = frozenset(status.value for status in ENDED)
STATUSES = {"FINISHED_WITH_ERROR": TaskStatus.FAILED.value}
"""Words of the predecessors' for a status of ours."""


def _text(value: str) -> str:
    return checked_text(value, "text")


@functools.lru_cache(maxsize=4096)  # the same few come with each message
def _tag(value: str) -> str:
    return checked_name(value, "tag")


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


ABSENT = (None, "", "null")
"""DfAnalyzer's clients write a missing text as ``null``, or leave it empty."""


def _absent(value: Any) -> Any:
    return None if value in ABSENT else value


def _none_is_text(value: Any) -> Any:
    return "" if value is None else value


def _none_is_empty(value: Any) -> Any:
    return [] if value is None else value


def _status(value: Any) -> Any:
    if value in ABSENT:
        return TaskStatus.READY.value
    word = _upper(value)
    return STATUSES.get(word, word) if isinstance(word, str) else word


def _references(key: str) -> Any:
    """A validator of tags or ids, which may stand alone, and plain or in objects."""

    def listed(value: Any) -> Any:
        if value in ABSENT:
            return []
        each = value if isinstance(value, list) else [value]
        return [one if isinstance(one, dict) else {key: one} for one in each]

    return listed


def _pairs(value: Any) -> Any:
    """A dependency that is a list of pairs, as one of two lists."""
    if isinstance(value, list):
        pairs = [each for each in value if isinstance(each, dict)]
        if len(pairs) < len(value):
            return value
        return (
            {"tags": [each.get("tag") for each in pairs], "ids": [each.get("id") for each in pairs]}
            if pairs
            else None
        )
    return _absent(value)


Text = Annotated[str, AfterValidator(_text)]
Tag = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_tag)]
DataflowTag = Annotated[
    str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(checked_dataflow_tag)
]
Moment = Annotated[
    datetime | None,
    BeforeValidator(parsed_time, json_schema_input_type=str | float | None),
    Field(
        description="ISO 8601, of the client's zone where it names none; or seconds since 1970",
        examples=["2026-11-23 04:05:05"],
    ),
]
OptionalText = Annotated[Text | None, BeforeValidator(_absent)]
TaskId = Annotated[int, Field(ge=-BIGINT, le=BIGINT)]
Several = BeforeValidator(_none_is_empty)
Scalar = str | int | float | bool | None


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, coerce_numbers_to_str=True)


class AttributeMessage(_Message):
    """An attribute of a set."""

    name: Tag
    type: Annotated[Literal["TEXT", "NUMERIC", "FILE", "RDFILE"], BeforeValidator(_upper)]


class ExtractorMessage(_Message):
    """How values are read from files."""

    tag: Tag
    cartridge: Text
    extension: Text


class CombinationMessage(_Message):
    """Two extractors whose rows are joined by keys."""

    outer: Tag
    inner: Tag
    keys: list[Text]
    keyTypes: Annotated[list[Text], Several] = []  # noqa: N815 (as the clients spell it)


class SetMessage(_Message):
    """A set of a transformation."""

    tag: Tag
    type: Annotated[Literal["INPUT", "OUTPUT"] | None, BeforeValidator(_upper)] = None
    attributes: Annotated[list[AttributeMessage], Several] = []
    dependency: Annotated[
        Tag | None,
        BeforeValidator(_absent),
        Field(description="the transformation that writes the set"),
    ] = None
    extractors: Annotated[list[ExtractorMessage], Several] = []
    extractorCombinations: Annotated[list[CombinationMessage], Several] = []  # noqa: N815


class ProgramMessage(_Message):
    """A program that does a transformation."""

    name: Text
    path: Annotated[Text, BeforeValidator(_none_is_text)] = ""


class TransformationMessage(_Message):
    """A transformation with its sets."""

    tag: Tag
    sets: Annotated[list[SetMessage], Several] = []
    programs: Annotated[list[ProgramMessage], Several] = []


class DataflowMessage(_Message):
    """A dataflow as designed, and the execution that says so."""

    tag: DataflowTag
    transformations: Annotated[list[TransformationMessage], Several] = []
    exec: Annotated[Text | None, BeforeValidator(_absent)] = None

    def message(self) -> messages.DataflowMessage:
        """The message as our own client sends it."""
        said = self.model_dump(exclude_none=True, exclude_defaults=True)
        return cast(messages.DataflowMessage, said)  # pydantic has validated it


class _TagReference(_Message):
    tag: Tag


class _IdReference(_Message):
    id: TaskId | Text | list[TaskId | Text]

    def numbers(self) -> list[int]:
        """The tasks' ids: one, or several that ``;`` joins."""
        each = self.id if isinstance(self.id, list) else [self.id]
        parts = [part for one in each for part in str(one).split(SEPARATOR)]
        return [_task_id(part) for part in parts if part.strip() not in ("", "null")]


class DependencyMessage(_Message):
    """Tasks that the task depends on: the first tag with the first id, and so on.

    An id may name several tasks of its transformation, joined by ``;``; of one tag, all ids are.
    """

    tags: Annotated[list[_TagReference], BeforeValidator(_references("tag"))] = []
    ids: Annotated[list[_IdReference], BeforeValidator(_references("id"))] = []

    @model_validator(mode="after")
    def _paired(self) -> DependencyMessage:
        self.message()
        return self

    def message(self) -> messages.DependencyMessage:
        """Tags and ids, as many of each; raises ValueError where they do not pair."""
        tags = self.tags * len(self.ids) if len(self.tags) == 1 else self.tags
        if len(tags) != len(self.ids):
            raise ValueError(
                f"dependency: tags and ids are pairs. Received: {len(self.tags)} tags and "
                f"{len(self.ids)} ids."
            )
        pairs = [
            (tag.tag, number)
            for tag, each in zip(tags, self.ids, strict=True)
            for number in each.numbers()
        ]
        return {
            "tags": [{"tag": tag} for tag, _ in pairs],
            "ids": [{"id": str(number)} for _, number in pairs],
        }


class DataSetMessage(_Message):
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


class PerformanceMessage(_Message):
    """When something of the task began and ended."""

    startTime: Moment = None  # noqa: N815
    endTime: Moment = None  # noqa: N815
    method: Annotated[Text, BeforeValidator(_method)] = COMPUTATION
    description: OptionalText = None
    invocation: OptionalText = None

    def message(
        self, began: datetime | None, ended: datetime | None
    ) -> messages.PerformanceMessage:
        """The period as our own client sends it, in UTC."""
        said: messages.PerformanceMessage = {
            "startTime": None if began is None else stored_time(began),
            "endTime": None if ended is None else stored_time(ended),
            "method": self.method,
            "description": self.description,
            "invocation": self.invocation,
        }
        return messages.without_empty(said, ())


class FileMessage(_Message):
    """A file that the task used."""

    name: Text
    path: Annotated[Text, BeforeValidator(_none_is_text)] = ""


class TaskMessage(_Message):
    """A task, and what was said of it since its last message."""

    id: TaskId
    exec: Annotated[
        Text | None,
        BeforeValidator(_absent),
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
    dependency: Annotated[DependencyMessage | None, BeforeValidator(_pairs)] = None
    workspace: OptionalText = None
    resource: OptionalText = None
    output: OptionalText = None
    error: OptionalText = None
    sets: Annotated[list[DataSetMessage], Several] = []
    performances: Annotated[list[PerformanceMessage], Several] = []
    files: Annotated[list[FileMessage], Several] = []

    def message(
        self, declared: str, received: datetime, zone: tzinfo | None
    ) -> messages.TaskMessage:
        """The message as our own client sends it, but for its sets, and for an execution not named.

        Its begin and its end are of one clock: the client's where this message is all that is said
        of the task, else that of the service, which receives the first and the last.

        Args:
            declared: names the declaration that it keeps to.
            received: now.
            zone: of times without one; None is this machine's.

        Raises:
            ValueError: its dependency's tags and ids do not pair, or a time is of no year.
        """
        head = {"id": str(self.id), "exec": self.exec or "", "dataflow": self.dataflow,
                "transformation": self.transformation, "status": self.status,
                "declared": declared}  # fmt: skip
        left_out = {*head, "sets", "dependency", "performances"}
        rest = self.model_dump(exclude_none=True, exclude=left_out)
        message = cast(messages.TaskMessage, head | rest)  # pydantic has validated it
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
            began, ended = _whole(periods)
            if began is not None:
                message["startTime"] = stored_time(began)
            if ended is not None:
                message["endTime"] = stored_time(ended)
        message["sets"] = []
        return message


def _whole(
    periods: list[tuple[datetime | None, datetime | None]],
) -> tuple[datetime | None, datetime | None]:
    """Begin and end of a task by its client's clock; neither where it does not say the end."""
    began = min((start for start, _ in periods if start is not None), default=None)
    ended = max((end for _, end in periods if end is not None), default=None)
    if ended is None or (began is not None and began > ended):
        return None, None
    return began, ended


def _task_id(text: str) -> int:
    with contextlib.suppress(ValueError):
        number = int(text)
        if abs(number) <= BIGINT:
            return number
    raise ValueError(
        f"dependency: a task's id is a whole number of 64 bits. Received: {text[:80]!r}."
    )
