"""An execution as the database has it: its tasks, the rows of its sets, its files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .. import vocabulary
from ..analysis import ExecutionSummary
from ..store.connection import Connection
from ..store.layout import DataflowLayout, SetLayout
from ..store.numbers import Place, restored
from ..store.reading import Catalogue
from ..store.sql import identifier, literal, qualified

__all__ = ["RecordedFile", "RecordedRun", "RecordedSet", "RecordedTask", "read_run", "spelled"]

SPELLED = {
    tag.lower(): tag
    for name, tag in vars(vocabulary).items()
    if name in vocabulary.__all__ and isinstance(tag, str)
}


def spelled(tag: str) -> str:
    """A tag of ours as the documentation spells it; another as the database has it."""
    return SPELLED.get(tag, tag)


@dataclass(frozen=True)
class RecordedTask:
    """One doing of a transformation; `previous` are the tasks whose rows it read."""

    id: int
    transformation: str
    number: int
    status: str
    began: datetime | None
    ended: datetime | None
    error: str | None
    previous: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """What names it within its execution."""
        return f"{self.transformation}-{self.number}"

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{spelled(self.transformation)} {self.number}"


@dataclass(frozen=True)
class RecordedSet:
    """The rows of a set, each after the id of its task: who wrote it, or read what none wrote.

    Attributes:
        types: TEXT, NUMERIC or FILE, by the column's name.
    """

    tag: str
    types: dict[str, str]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    rows: list[tuple[int, tuple[Any, ...]]]

    @property
    def is_output(self) -> bool:
        """Whether a transformation writes it."""
        return bool(self.producers)

    @property
    def tasks(self) -> set[int]:
        """Ids of the tasks that have rows."""
        return {task for task, _ in self.rows}


@dataclass(frozen=True)
class RecordedFile:
    """A file that a task read or wrote; of the predecessor's nothing but name and path is known."""

    task: int
    name: str
    path: str
    mode: str | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class RecordedRun:
    """All of an execution."""

    summary: ExecutionSummary
    layout: DataflowLayout
    tasks: list[RecordedTask]
    sets: dict[str, RecordedSet]
    files: list[RecordedFile]

    @property
    def transformations(self) -> list[str]:
        """Those that were done, in the order of their declaration."""
        done = {task.transformation for task in self.tasks}
        return [tag for tag in self.layout.transformations if tag in done]


def read_run(connection: Connection, summary: ExecutionSummary) -> RecordedRun:
    """Read an execution, within the connection's transaction."""
    catalogue = Catalogue(connection)
    layout = catalogue.layout(summary.dataflow) or DataflowLayout(0, summary.dataflow)
    sets = [_set(connection, catalogue, layout, each, summary.id) for each in layout.sets.values()]
    return RecordedRun(
        summary,
        layout,
        _tasks(connection, catalogue, summary.id),
        {each.tag: each for each in sets if each.rows},
        _files(connection, catalogue, summary.id),
    )


def _tasks(connection: Connection, catalogue: Catalogue, execution: int) -> list[RecordedTask]:
    begun = catalogue.table("task_begun")
    transformation = qualified("public", "data_transformation")
    rows = connection.query(
        "SELECT b.id, x.tag, b.identifier, COALESCE(e.status, b.status), b.began, e.ended, "
        f"COALESCE(e.error_msg, b.error_msg) FROM {begun} b "
        f"JOIN {transformation} x ON x.id = b.dt_id "
        f"LEFT JOIN {catalogue.table('task_ended')} e ON e.task_id = b.id "
        "WHERE b.df_exec = %s ORDER BY b.id",
        [execution],
    )
    links = connection.query(
        f"SELECT d.task_id, d.previous_task_id FROM {catalogue.table('task_dependency')} d "
        f"JOIN {begun} b ON b.id = d.task_id WHERE b.df_exec = %s ORDER BY d.previous_task_id",
        [execution],
    )
    previous: dict[int, list[int]] = defaultdict(list)
    for task, before in links:
        if before is not None:
            previous[task].append(before)
    tasks = (RecordedTask(*row) for row in rows)
    return [replace(each, previous=tuple(dict.fromkeys(previous[each.id]))) for each in tasks]


def _set(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    execution: int,
) -> RecordedSet:
    writers = [f"s.{identifier(f'{tag}_task_id')}" for tag in known.producers or known.consumers]
    types = {name: each.type for name, each in known.attributes.items()}
    result = RecordedSet(known.tag, types, tuple(known.producers), tuple(known.consumers), [])
    if not writers:
        return result
    columns = ", ".join(["s.id", "t.id", *(f"s.{identifier(name)}" for name in types)])
    task = writers[0] if len(writers) == 1 else f"COALESCE({', '.join(writers)})"
    rows = connection.query(
        literal(
            f"SELECT {columns} FROM {qualified(layout.tag, known.table)} s "
            f"JOIN {catalogue.table('task_begun')} t ON t.id = {task} "
        )
        + "WHERE t.df_exec = %s ORDER BY s.id",
        [execution],
    )
    result.rows.extend((row[1], row[2:]) for row in _exact(connection, catalogue, known, rows))
    return result


def _exact(
    connection: Connection, catalogue: Catalogue, known: SetLayout, rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """`rows` with the numbers that a DOUBLE could not hold."""
    places = {
        attribute.id: Place(0, position)
        for position, attribute in enumerate(known.attributes.values(), 2)
        if attribute.type == "NUMERIC"
    }
    return restored(connection, catalogue.table("exact_number"), rows, places)


def _files(connection: Connection, catalogue: Catalogue, execution: int) -> list[RecordedFile]:
    ours = "" if catalogue.is_predecessors else ", f.mode, f.size, f.sha256"
    rows = connection.query(
        f"SELECT f.task_id, f.name, f.path{ours} FROM {catalogue.table('file')} f "
        f"JOIN {catalogue.table('task_begun')} t ON t.id = f.task_id "
        "WHERE t.df_exec = %s ORDER BY f.id",
        [execution],
    )
    return [RecordedFile(*row) for row in rows]
