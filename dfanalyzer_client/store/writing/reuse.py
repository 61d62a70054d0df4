"""Rows that a task read just as an earlier one did: the server copies them, we do not send them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..connection import Connection
from ..growth.pending_columns import from_clause as rows_of
from ..layout import DataflowLayout, SetLayout
from ..rows import ElementRow
from ..sql import identifier, literal, qualified

__all__ = ["Reuse", "copy_rows"]

TASKS_AT_ONCE = 500

Insert = Callable[[Connection, DataflowLayout, SetLayout, Sequence[ElementRow]], None]


class Reuse(NamedTuple):
    """A task that read the same rows of a set as `source`; both are ids of the database."""

    layout: DataflowLayout
    tag: str
    transformation: str
    source: int
    task: int


def copy_rows(connection: Connection, wanted: Iterable[Reuse], insert: Insert) -> None:
    """Copy the rows of each set for the tasks that read the same, many tasks per statement.

    Args:
        connection: in a transaction.
        wanted: which task read the rows of which other.
        insert: adds rows to a set that has pending columns.
    """
    tasks: dict[tuple[str, str, str, int], list[int]] = defaultdict(list)
    layouts: dict[str, DataflowLayout] = {}
    for reuse in wanted:
        known = reuse.layout.sets.get(reuse.tag)
        if known is not None and f"{reuse.transformation}_task_id" in known.task_columns:
            layouts[reuse.layout.tag] = reuse.layout
            key = reuse.layout.tag, reuse.tag, reuse.transformation, reuse.source
            tasks[key].append(reuse.task)
    for (schema, tag, transformation, source), ids in tasks.items():
        for first in range(0, len(ids), TASKS_AT_ONCE):
            chunk = ids[first : first + TASKS_AT_ONCE]
            layout = layouts[schema]
            if layout.sets[tag].pending:
                known = layout.sets[tag]
                rows = _read(connection, layout, known, transformation, source, chunk)
                insert(connection, layout, known, rows)
            else:
                _copy(connection, layout, tag, transformation, source, chunk)


def _read(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    transformation: str,
    source: int,
    tasks: list[int],
) -> list[ElementRow]:
    """The rows that `_copy` would add; it cannot, because it does not see pending columns."""
    task_id = f"{transformation}_task_id"
    names = ", ".join(identifier(name) for name in known.attributes)
    found = connection.query(
        literal(
            f"SELECT {names} FROM {rows_of(layout, known)} AS d WHERE d.{identifier(task_id)} = "
        )
        + "%s"
        + literal(' ORDER BY d."id"'),
        [source],
    )
    return [
        ElementRow({task_id: task, **dict(zip(known.attributes, row, strict=True))})
        for task in tasks
        for row in found
    ]


def _copy(
    connection: Connection,
    layout: DataflowLayout,
    tag: str,
    transformation: str,
    source: int,
    tasks: list[int],
) -> None:
    known = layout.sets[tag]
    task_id = identifier(f"{transformation}_task_id")
    table, sequence = qualified(layout.tag, known.table), qualified(layout.tag, known.sequence)
    names = [identifier(name) for name in known.attributes]
    into = ", ".join(['"id"', task_id, *names])
    read = ", ".join([f"NEXT VALUE FOR {sequence}", "n.task_id", *(f"d.{name}" for name in names)])
    marks = ", ".join(["(%s)"] * len(tasks))
    connection.execute(
        literal(f"INSERT INTO {table} ({into}) SELECT {read} FROM {table} d, ")
        + f"(VALUES {marks}) AS n(task_id) "
        + literal(f"WHERE d.{task_id} = ")
        + "%s",
        [*tasks, source],
    )
