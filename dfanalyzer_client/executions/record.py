"""A stored execution as plain objects, to be shown or exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..store.layout import DataflowLayout, SetLayout
from .steering import SteeringRow

__all__ = [
    "AssociationRecord",
    "ExecutionRecord",
    "FileRecord",
    "RowRecord",
    "SetRecord",
    "TaskRecord",
]


@dataclass
class TaskRecord:
    """A task. `name` is its number, with a suffix if several tasks have that number."""

    id: int
    transformation: str
    number: int
    name: str
    status: str
    began: datetime | None
    ended: datetime | None
    workspace: str | None = None
    resource: str | None = None
    output: str | None = None
    error: str | None = None
    depends_on: list[TaskRecord] = field(default_factory=list)


@dataclass(frozen=True)
class RowRecord:
    """A row of a set: the task that wrote it, the tasks known to have read it, and its values.

    At least one task of the execution wrote or read it.
    """

    number: int
    writer: TaskRecord | None
    readers: tuple[TaskRecord, ...]
    values: tuple[Any, ...]

    @property
    def task(self) -> TaskRecord:
        """The task that wrote it, or the first that read it if none wrote it."""
        return self.writer or self.readers[0]


@dataclass
class SetRecord:
    """The rows of a set in one execution, in the order in which they were stored."""

    layout: SetLayout
    rows: list[RowRecord]

    @property
    def tag(self) -> str:
        """The set's tag."""
        return self.layout.tag

    @property
    def columns(self) -> list[str]:
        """Names of the values of a row."""
        return list(self.layout.attributes)

    @property
    def is_output(self) -> bool:
        """Whether a transformation writes it."""
        return bool(self.layout.producers)


@dataclass(frozen=True)
class FileRecord:
    """A file that a task read or wrote; from DfAnalyzer's own clients we do not know which."""

    number: int
    task: TaskRecord
    name: str
    path: str
    mode: str | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class AssociationRecord:
    """Who is responsible for an execution and what it ran on, as its client said.

    Attributes:
        email: the scientist's; None if nobody is named.
        hardware: facts of the machine; empty if they were not sent.
        is_relayed: whether the service recorded it for a client, whose user it does not know.
    """

    email: str | None = None
    hardware: Mapping[str, Any] = field(default_factory=dict)
    is_relayed: bool = False


@dataclass
class ExecutionRecord:
    """An execution with its tasks, rows and files.

    Attributes:
        tag: its tag.
        dataflow: the dataflow that it is a run of.
        version: the newest version of the dataflow that its tasks had.
        tasks: in order.
        sets: the sets that have rows.
        files: in order.
        derived_from: tags of the executions that this one was derived from.
        association: who is responsible for it, and what it ran on.
        programs: names and paths of the programs that perform a transformation, by its tag.
        requests: what was asked of it while it trained, in the order in which it arrived.
        site: names the database that it was read from, where it is exported; else empty.
    """

    tag: str
    dataflow: DataflowLayout
    version: int
    tasks: list[TaskRecord]
    sets: list[SetRecord]
    files: list[FileRecord]
    derived_from: list[str]
    programs: dict[str, list[tuple[str, str]]]
    association: AssociationRecord = field(default_factory=AssociationRecord)
    requests: list[SteeringRow] = field(default_factory=list)
    site: str = ""

    @property
    def began(self) -> datetime | None:
        """When the first task began."""
        return min((task.began for task in self.tasks if task.began), default=None)

    @property
    def ended(self) -> datetime | None:
        """When the last task ended; None if one is running or its end is unknown."""
        ends = [task.ended for task in self.tasks]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    @property
    def transformations(self) -> list[str]:
        """Tags of the transformations that have tasks, in the order of their declaration."""
        done = {task.transformation for task in self.tasks}
        return [tag for tag in self.dataflow.transformations if tag in done]

    def rows_of(self, tag: str) -> list[dict[str, Any]]:
        """The rows of a set as dictionaries; empty if there is no such set."""
        return [
            dict(zip(content.columns, row.values, strict=True))
            for content in self.sets
            if content.tag == tag.lower()
            for row in content.rows
        ]
