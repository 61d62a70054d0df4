"""Read an execution from the database, ours or the predecessor's, into a record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ..errors import UnknownTagError
from ..store.connection import Connection
from ..store.exact_numbers import exact_rows
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout, SetLayout
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import identifier, literal
from ..support.clock import aware_utc
from ..task_status import TaskStatus
from .associations import read_association
from .record import ExecutionRecord, FileRecord, RowRecord, SetRecord, TaskRecord
from .steering import steering_of

__all__ = ["read_execution"]

MISSING_TEXTS = ("", "null")
"""What the predecessor's clients store for a missing text."""


def read_execution(connection: Connection, dataflow: str, execution: int) -> ExecutionRecord:
    """Read an execution by its dataflow's tag and its id, within the connection's transaction.

    Raises:
        UnknownTagError: there is none.
    """
    catalogue = Catalogue(connection)
    layout = catalogue.layout(dataflow)
    found = connection.query(
        f"SELECT tag FROM {catalogue.table('dataflow_execution')} AS e WHERE id = %s", [execution]
    )
    if layout is None or not found:
        raise UnknownTagError(f"No execution {execution} of dataflow {dataflow!r}.")
    tasks, version = _tasks(connection, catalogue, execution)
    by_id = {task.id: task for task in tasks}
    sets = [
        _set(connection, catalogue, layout, known_set, execution, by_id)
        for known_set in layout.sets.values()
    ]
    programs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for transformation, program in sorted(layout.used):
        programs[transformation].append(program)
    return ExecutionRecord(
        found[0][0],
        layout,
        version or layout.version,
        tasks,
        [content for content in sets if content.rows],
        _files(connection, catalogue, execution, by_id),
        _derived_from(connection, catalogue, execution),
        dict(programs),
        read_association(connection, catalogue, execution),
        steering_of(connection, execution, is_over=not any(_runs(task) for task in tasks)),
    )


def _runs(task: TaskRecord) -> bool:
    """Whether it may still end; the end of one that was killed is unknown."""
    return task.status in (TaskStatus.READY.value, TaskStatus.RUNNING.value)


def _tasks(
    connection: Connection, catalogue: Catalogue, execution: int
) -> tuple[list[TaskRecord], int]:
    """The tasks of an execution with their dependencies, and the newest version of its dataflow."""
    begun, ended = catalogue.table("task_begun"), catalogue.table("task_ended")
    rows = connection.query(
        "SELECT b.id, x.tag, b.identifier, COALESCE(e.status, b.status), b.began, e.ended, "
        "b.workspace, b.computing_resource, COALESCE(e.output_msg, b.output_msg), "
        f"COALESCE(e.error_msg, b.error_msg), b.df_version FROM {begun} b "
        f"JOIN {catalogue.table('data_transformation')} x ON x.id = b.dt_id "
        f"LEFT JOIN {ended} e ON e.task_id = b.id WHERE b.df_exec = %s ORDER BY b.id",
        [execution],
    )
    tasks = _task_records(rows)
    _add_dependencies(connection, catalogue, execution, tasks)
    return tasks, max((row[-1] or 0 for row in rows), default=0)


def _task_records(rows: Sequence[tuple[Any, ...]]) -> list[TaskRecord]:
    """The tasks; of tasks with the same number, the later ones get a suffix."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    tasks = []
    for id_, tag, number, status, began, end, *texts, _ in rows:
        counts[tag, number] += 1
        count = counts[tag, number]
        name = str(number) if count == 1 else f"{number}-{count}"
        task = TaskRecord(id_, tag, number, name, status, aware_utc(began), aware_utc(end))
        task.workspace, task.resource, task.output, task.error = (
            None if text in MISSING_TEXTS else text for text in texts
        )
        tasks.append(task)
    return tasks


def _add_dependencies(
    connection: Connection, catalogue: Catalogue, execution: int, tasks: list[TaskRecord]
) -> None:
    """Add to the tasks the tasks of the same execution that they depend on."""
    by_id = {task.id: task for task in tasks}
    dependency, begun = catalogue.table("task_dependency"), catalogue.table("task_begun")
    for id_, previous in connection.query(
        f"SELECT DISTINCT d.task_id, d.previous_task_id FROM {dependency} d "
        f"JOIN {begun} b ON b.id = d.task_id WHERE b.df_exec = %s "
        "ORDER BY d.task_id, d.previous_task_id",
        [execution],
    ):
        if previous in by_id and previous != id_:
            by_id[id_].depends_on.append(by_id[previous])


def _set(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    execution: int,
    tasks: dict[int, TaskRecord],
) -> SetRecord:
    """The rows that a task of the execution wrote, or read if no task wrote them."""
    writing = [f"{tag}_task_id" for tag in known.producers]
    reading = [f"{tag}_task_id" for tag in known.consumers]
    columns = known.task_columns
    if not columns:
        return SetRecord(known, [])
    of = ", ".join(f"s.{identifier(column)}" for column in columns)
    selected = ", ".join(f"s.{identifier(name)}" for name in ["id", *columns, *known.attributes])
    rows = connection.query(
        literal(
            f"SELECT {selected} FROM {from_clause(layout, known)} s "
            f"JOIN {catalogue.table('task_begun')} t "
            f"ON t.id = {f'COALESCE({of})' if len(columns) > 1 else of} "
        )
        + "WHERE t.df_exec = %s ORDER BY s.id",
        [execution],
    )
    before = 1 + len(columns)
    own_rows = [row for row in rows if not tasks.keys().isdisjoint(row[1:before])]
    exact = exact_rows(
        connection, catalogue.table("exact_number"), known.attributes, own_rows, before
    )
    return SetRecord(
        known,
        [
            _row(
                number,
                dict(zip(columns, row[1:before], strict=True)),
                row[before:],
                writing,
                reading,
                tasks,
            )
            for number, row in enumerate(exact, 1)
        ],
    )


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
    return RowRecord(
        number, writer, tuple(reader for reader in readers if reader is not writer), values
    )


def _files(
    connection: Connection, catalogue: Catalogue, execution: int, tasks: dict[int, TaskRecord]
) -> list[FileRecord]:
    """The files of the execution; the predecessor's table lacks mode, size and SHA-256."""
    known = catalogue.columns("file")
    if not known:
        return []
    more = [name for name in ("mode", "size", "sha256") if name in known]
    selected = ", ".join(f"f.{identifier(name)}" for name in ["task_id", "name", "path", *more])
    rows = connection.query(
        f"SELECT {selected} FROM {catalogue.table('file')} f "
        f"JOIN {catalogue.table('task_begun')} t ON t.id = f.task_id "
        "WHERE t.df_exec = %s ORDER BY f.id",
        [execution],
    )
    own_rows = [row for row in rows if row[0] in tasks]
    return [
        FileRecord(
            number, tasks[task], name or "", path or "", **dict(zip(more, rest, strict=True))
        )
        for number, (task, name, path, *rest) in enumerate(own_rows, 1)
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
