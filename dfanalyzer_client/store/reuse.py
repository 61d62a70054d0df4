"""Rows that a task read as another did before it: copied by the server, and never sent again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from .connection import Connection
from .layout import DataflowLayout
from .sql import identifier, literal, qualified

__all__ = ["Reuse", "copy_rows"]

TASKS_AT_ONCE = 500


class Reuse(NamedTuple):
    """A task that read the rows of a set which `source` read; ids of the database."""

    layout: DataflowLayout
    tag: str
    transformation: str
    source: int
    task: int


def copy_rows(connection: Connection, wanted: Iterable[Reuse]) -> None:
    """Copy rows of each set for the tasks that read the same, as many as there are at once."""
    tasks: dict[tuple[str, str, str, int], list[int]] = defaultdict(list)
    layouts: dict[str, DataflowLayout] = {}
    for each in wanted:
        known = each.layout.sets.get(each.tag)
        if known is not None and f"{each.transformation}_task_id" in known.task_columns:
            layouts[each.layout.tag] = each.layout
            key = each.layout.tag, each.tag, each.transformation, each.source
            tasks[key].append(each.task)
    for (schema, tag, transformation, source), ids in tasks.items():
        for first in range(0, len(ids), TASKS_AT_ONCE):
            chunk = ids[first : first + TASKS_AT_ONCE]
            _copy(connection, layouts[schema], tag, transformation, source, chunk)


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
