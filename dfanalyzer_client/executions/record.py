"""An execution as the database has it, as plain objects: what is shown, or exported."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..store.layout import DataflowLayout, SetLayout

__all__ = [
    "ExecutionRecord",
    "FileRecord",
    "RowRecord",
    "SetRecord",
    "TaskRecord",
]


@dataclass
class TaskRecord:
    """A task. `name` is unique in its execution: its number, or with more where that is not."""

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
    """A row of a set: who wrote it, who is known to have read it, and its values.

    One of the execution's tasks wrote it, or read it at least.
    """

    number: int
    writer: TaskRecord | None
    readers: tuple[TaskRecord, ...]
    values: tuple[Any, ...]

    @property
    def task(self) -> TaskRecord:
        """Who wrote it; of what nobody wrote, who read it."""
        return self.writer or self.readers[0]


@dataclass
class SetRecord:
    """A set's rows in one execution, in the order in which they were stored."""

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
    """A file that a task read or wrote; DfAnalyzer's own clients do not say which."""

    number: int
    task: TaskRecord
    name: str
    path: str
    mode: str | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass
class ExecutionRecord:
    """An execution with all that it did.

    Attributes:
        tag: names it.
        dataflow: of which it is a run.
        version: of the dataflow, newest that a task has.
        tasks: in order.
        sets: those that have rows.
        files: in order.
        derived_from: tags of the executions that this one goes on from.
        programs: names and paths of what does a transformation, by its tag.
    """

    tag: str
    dataflow: DataflowLayout
    version: int
    tasks: list[TaskRecord]
    sets: list[SetRecord]
    files: list[FileRecord]
    derived_from: list[str]
    programs: dict[str, list[tuple[str, str]]]

    @property
    def began(self) -> datetime | None:
        """When the first task began."""
        return min((task.began for task in self.tasks if task.began), default=None)

    @property
    def ended(self) -> datetime | None:
        """When the last task ended; None while one runs, or where it is not known."""
        ends = [task.ended for task in self.tasks]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    @property
    def transformations(self) -> list[str]:
        """Those that were done, in the order of their declaration."""
        done = {task.transformation for task in self.tasks}
        return [tag for tag in self.dataflow.transformations if tag in done]

    def rows_of(self, tag: str) -> list[dict[str, Any]]:
        """The rows of a set as dictionaries; none where the set is not there."""
        return [
            dict(zip(each.columns, row.values, strict=True))
            for each in self.sets
            if each.tag == tag.lower()
            for row in each.rows
        ]
