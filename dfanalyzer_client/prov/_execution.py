"""An execution as the database has it, read into plain objects: what a document is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..errors import UnknownTagError
from ..store.connection import Connection
from ..store.inspection import tables_of
from ..store.layout import DataflowLayout, SetLayout
from ..store.numbers import Place, restored
from ..store.reading import Catalogue
from ..store.schema import PUBLIC, table
from ..store.sql import identifier, literal, qualified

__all__ = [
    "ExecutionRecord",
    "FileRecord",
    "RowRecord",
    "SetRecord",
    "TaskRecord",
    "read_execution",
]


@dataclass
class TaskRecord:
    """A task. `name` is unique in its execution: its number, or with more where that is not."""

    id: int
    transformation: str
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
    """A row of a set: who wrote it, who is known to have read it, and its values."""

    number: int
    writer: TaskRecord | None
    readers: tuple[TaskRecord, ...]
    values: tuple[Any, ...]


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

    def rows_of(self, tag: str) -> list[dict[str, Any]]:
        """The rows of a set as dictionaries; none where the set is not there."""
        return [
            dict(zip(each.columns, row.values, strict=True))
            for each in self.sets
            if each.tag == tag.lower()
            for row in each.rows
        ]


def read_execution(connection: Connection, dataflow: str, execution: int) -> ExecutionRecord:
    """Read an execution by its dataflow's tag and its id.

    Raises:
        UnknownTagError: there is none.
    """
    catalogue = Catalogue(connection)
    layout = catalogue.layout(dataflow)
    found = connection.query(
        f"SELECT tag FROM {table('dataflow_execution')} WHERE id = %s", [execution]
    )
    if layout is None or not found:
        raise UnknownTagError(f"No execution {execution} of dataflow {dataflow!r}.")
    tasks, version = _tasks(connection, catalogue, execution)
    by_id = {task.id: task for task in tasks}
    sets = [_set(connection, catalogue, layout, each, execution, by_id)
            for each in layout.sets.values()]  # fmt: skip
    programs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for transformation, program in sorted(layout.used):
        programs[transformation].append(program)
    return ExecutionRecord(
        found[0][0],
        layout,
        version or layout.version,
        tasks,
        [each for each in sets if each.rows],
        _files(connection, execution, by_id),
        _derived_from(connection, catalogue, execution),
        dict(programs),
    )


def _tasks(
    connection: Connection, catalogue: Catalogue, execution: int
) -> tuple[list[TaskRecord], int]:
    begun, ended = catalogue.table("task_begun"), catalogue.table("task_ended")
    rows = connection.query(
        "SELECT b.id, x.tag, b.identifier, COALESCE(e.status, b.status), b.began, e.ended, "
        "b.workspace, b.computing_resource, COALESCE(e.output_msg, b.output_msg), "
        f"COALESCE(e.error_msg, b.error_msg), b.df_version FROM {begun} b "
        f"JOIN {table('data_transformation')} x ON x.id = b.dt_id "
        f"LEFT JOIN {ended} e ON e.task_id = b.id WHERE b.df_exec = %s ORDER BY b.id",
        [execution],
    )
    counts: dict[tuple[str, int], int] = defaultdict(int)
    tasks = []
    for id_, tag, number, status, began, end, *texts, _ in rows:
        counts[tag, number] += 1
        again = counts[tag, number]
        name = str(number) if again == 1 else f"{number}-{again}"
        tasks.append(TaskRecord(id_, tag, name, status, _utc(began), _utc(end), *texts))
    by_id = {task.id: task for task in tasks}
    dependency = catalogue.table("task_dependency")
    for id_, previous in connection.query(
        f"SELECT DISTINCT d.task_id, d.previous_task_id FROM {dependency} d "
        f"JOIN {begun} b ON b.id = d.task_id WHERE b.df_exec = %s "
        "ORDER BY d.task_id, d.previous_task_id",
        [execution],
    ):
        if previous in by_id and previous != id_:
            by_id[id_].depends_on.append(by_id[previous])
    return tasks, max((row[-1] or 0 for row in rows), default=0)


def _set(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    execution: int,
    tasks: dict[int, TaskRecord],
) -> SetRecord:
    """The rows that a task of the execution wrote, or that one read where nobody wrote them."""
    writing = [f"{tag}_task_id" for tag in known.producers]
    reading = [f"{tag}_task_id" for tag in known.consumers]
    columns = list(dict.fromkeys([*writing, *reading]))
    names = list(known.attributes)
    if not columns:
        return SetRecord(known, [])
    of = ", ".join(f"s.{identifier(column)}" for column in columns)
    selected = ", ".join(f"s.{identifier(name)}" for name in ["id", *columns, *names])
    rows = connection.query(
        literal(
            f"SELECT {selected} FROM {qualified(layout.tag, known.table)} s "
            f"JOIN {catalogue.table('task_begun')} t "
            f"ON t.id = {f'COALESCE({of})' if len(columns) > 1 else of} "
        )
        + "WHERE t.df_exec = %s ORDER BY s.id",
        [execution],
    )
    before = 1 + len(columns)
    places = {
        attribute.id: Place(0, position)
        for position, attribute in enumerate(known.attributes.values(), before)
        if attribute.type == "NUMERIC"
    }
    exact = restored(connection, catalogue.table("exact_number"), rows, places)
    return SetRecord(
        known,
        [
            _row(number, dict(zip(columns, row[1:before], strict=True)), row[before:],
                 writing, reading, tasks)
            for number, row in enumerate(exact, 1)
        ],
    )  # fmt: skip


def _row(
    number: int,
    ids: dict[str, int | None],
    values: tuple[Any, ...],
    writing: Sequence[str],
    reading: Sequence[str],
    tasks: dict[int, TaskRecord],
) -> RowRecord:
    writers = [tasks[id_] for column in writing if (id_ := ids[column]) in tasks]
    readers = [tasks[id_] for column in reading if (id_ := ids[column]) in tasks]
    writer = writers[0] if writers else None
    return RowRecord(number, writer, tuple(each for each in readers if each is not writer), values)


def _files(
    connection: Connection, execution: int, tasks: dict[int, TaskRecord]
) -> list[FileRecord]:
    """Files of the execution; the predecessor's table has no mode, size and SHA-256."""
    known = tables_of(connection, PUBLIC).get("file")
    if known is None or not tasks:
        return []
    more = [name for name in ("mode", "size", "sha256") if name in known.columns]
    selected = ", ".join(f"f.{identifier(name)}" for name in ["task_id", "name", "path", *more])
    rows = connection.query(
        f"SELECT {selected} FROM {table('file')} f WHERE f.task_id BETWEEN %s AND %s ORDER BY f.id",
        [min(tasks), max(tasks)],
    )
    mine = [row for row in rows if row[0] in tasks]
    return [
        FileRecord(
            number, tasks[task], name or "", path or "", **dict(zip(more, rest, strict=True))
        )
        for number, (task, name, path, *rest) in enumerate(mine, 1)
    ]


def _derived_from(connection: Connection, catalogue: Catalogue, execution: int) -> list[str]:
    if catalogue.is_predecessors:
        return []
    rows = connection.query(
        f"SELECT DISTINCT l.previous_execution FROM {table('lineage')} l WHERE l.df_exec = %s "
        "AND l.previous_execution IS NOT NULL ORDER BY l.previous_execution",
        [execution],
    )
    return [tag for (tag,) in rows]


def _utc(moment: datetime | None) -> datetime | None:
    """The database's time stamps are UTC and do not say so."""
    return None if moment is None else moment.replace(tzinfo=UTC)
