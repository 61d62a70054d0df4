"""Messages as DfAnalyzer's clients send them, in Python and C++, old and new."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ..names import MAX_NAME, checked_dataflow_tag, checked_name, checked_text
from ..task_status import TaskStatus

__all__ = ["DataflowMessage", "TaskMessage"]

SEPARATOR = ";"
BIGINT = 2**63 - 1


def _text(value: str) -> str:
    return checked_text(value, "text")


def _tag(value: str) -> str:
    return checked_name(value, "tag")


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _absent(value: Any) -> Any:
    """DfAnalyzer's clients write a missing text as ``null``, or leave it empty."""
    return None if value in ("", "null") else value


def _none_is_empty(value: Any) -> Any:
    return [] if value is None else value


def _moment(value: str | None) -> str | None:
    """A time stamp as MonetDB reads it, in UTC where it says its zone."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            raise ValueError(f"In UTC it is of no year from 1 to 9999: {value!r:.80}") from None
    return moment.isoformat(" ", "microseconds" if moment.microsecond else "seconds")


Text = Annotated[str, AfterValidator(_text)]
Tag = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_tag)]
DataflowTag = Annotated[
    str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(checked_dataflow_tag)
]
Moment = Annotated[
    str | None,
    BeforeValidator(_absent),
    AfterValidator(_moment),
    Field(description="ISO 8601; UTC where it names no zone", examples=["2026-11-23 04:05:05"]),
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
    path: Text


class TransformationMessage(_Message):
    """A transformation with its sets."""

    tag: Tag
    sets: Annotated[list[SetMessage], Several] = []
    programs: Annotated[list[ProgramMessage], Several] = []


class DataflowMessage(_Message):
    """A dataflow as designed, and the execution that says so."""

    tag: DataflowTag
    transformations: list[TransformationMessage]
    exec: Annotated[Text | None, BeforeValidator(_absent)] = None

    def message(self) -> dict[str, Any]:
        """The message as our own client sends it."""
        return self.model_dump(exclude_none=True, exclude_defaults=True)


class _TagReference(_Message):
    tag: Tag


class _IdReference(_Message):
    id: TaskId | Text


class DependencyMessage(_Message):
    """Tasks that the task depends on: the first tag with the first id, and so on.

    An id may name several tasks of its transformation, joined by ``;``.
    """

    tags: Annotated[list[_TagReference], Several] = []
    ids: Annotated[list[_IdReference], Several] = []

    def message(self) -> dict[str, Any]:
        """Tags and ids, as many of each; raises ValueError where they do not pair."""
        if len(self.tags) != len(self.ids):
            raise ValueError(
                f"dependency: tags and ids are pairs. Received: {len(self.tags)} tags and "
                f"{len(self.ids)} ids."
            )
        pairs = [
            (tag.tag, _task_id(part))
            for tag, each in zip(self.tags, self.ids, strict=True)
            for part in str(each.id).split(SEPARATOR)
        ]
        return {
            "tags": [{"tag": tag} for tag, _ in pairs],
            "ids": [{"id": str(number)} for _, number in pairs],
        }


class DataSetMessage(_Message):
    """Rows of a set, each a list of values in attribute order, or these joined by ``;``."""

    tag: Tag
    elements: Annotated[list[list[Scalar] | str], Several] = []


class PerformanceMessage(_Message):
    """When something of the task began and ended."""

    startTime: Moment = None  # noqa: N815
    endTime: Moment = None  # noqa: N815
    method: Text = "COMPUTATION"
    description: OptionalText = None
    invocation: OptionalText = None


class FileMessage(_Message):
    """A file that the task used."""

    name: Text
    path: Text


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
        BeforeValidator(_upper),
    ] = "READY"
    subid: OptionalText = None
    dependency: Annotated[DependencyMessage | None, BeforeValidator(_absent)] = None
    workspace: OptionalText = None
    resource: OptionalText = None
    output: OptionalText = None
    error: OptionalText = None
    sets: Annotated[list[DataSetMessage], Several] = []
    performances: Annotated[list[PerformanceMessage], Several] = []
    files: Annotated[list[FileMessage], Several] = []

    def message(self, widths: dict[str, int]) -> dict[str, Any]:
        """The message as our own client sends it.

        Args:
            widths: how many attributes each set has.

        Raises:
            ValueError: its dependency's tags and ids do not pair.
        """
        message = self.model_dump(exclude_none=True, exclude={"sets", "dependency"})
        message["id"] = str(self.id)
        message["sets"] = [
            {"tag": each.tag, "elements": _elements(each, widths.get(each.tag, 1))}
            for each in self.sets
        ]
        if self.dependency is not None and (self.dependency.tags or self.dependency.ids):
            message["dependency"] = self.dependency.message()
        began = [each.startTime for each in self.performances if each.startTime]
        if began or self.status == TaskStatus.RUNNING.value:
            message["startTime"] = min(began) if began else _now()
        return message


def _elements(data: DataSetMessage, width: int) -> list[list[Scalar]]:
    """Rows of values; a text that stands for more than one value is split."""
    rows: list[list[Scalar]] = []
    for element in data.elements:
        values: list[Scalar] = [element] if isinstance(element, str) else element
        if len(values) == 1 and width > 1 and isinstance(values[0], str):
            values = list(values[0].split(SEPARATOR))
        rows.append(values)
    return rows


def _task_id(text: str) -> int:
    with contextlib.suppress(ValueError):
        number = int(text)
        if abs(number) <= BIGINT:
            return number
    raise ValueError(
        f"dependency: a task's id is a whole number of 64 bits. Received: {text[:80]!r}."
    )


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
