"""Erase executions from the database, and dataflows that are left with none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from ...declarations.erasures import ERASED, Erasures, Tombstone
from ..connection import Connection
from ..layout import DataflowLayout
from ..layout_queries import load_layout
from ..retry import retrying_conflicts
from ..schema import TABLES, columns_of, lock_definitions, table
from ..sessions import warn_of_blocking_sessions
from ..sql import identifier, placeholders
from .rows import Portion, delete_orphans, portions
from .tombstones import add_tombstones

__all__ = [
    "StoredExecution",
    "bury",
    "check_rights",
    "erase_rows",
    "portions_of",
    "stored_executions",
]

AT_ONCE = 500
"""So many executions are named by one statement."""


class StoredExecution(NamedTuple):
    """An execution that the database has: its id, its tag, and its dataflow's."""

    id: int
    tag: str
    dataflow: str


def stored_executions(connection: Connection) -> list[StoredExecution]:
    """All executions, oldest first."""
    rows = connection.query(
        f"SELECT e.id, e.tag, d.tag FROM {table('dataflow_execution')} e "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id ORDER BY e.id"
    )
    return [StoredExecution(id_, tag or "", of) for id_, tag, of in rows]


def portions_of(connection: Connection, executions: Sequence[StoredExecution]) -> Iterator[Portion]:
    """All rows of executions, in the order in which they are to be erased."""
    by_dataflow: dict[str, list[int]] = defaultdict(list)
    for execution in executions:
        by_dataflow[execution.dataflow].append(execution.id)
    for tag, ids in by_dataflow.items():
        layout = load_layout(connection, tag)
        for first in range(0, len(ids), AT_ONCE):
            yield from portions(connection, layout, ids[first : first + AT_ONCE])


def bury(connection: Connection, tombstones: Sequence[Tombstone], when: str, by: str) -> None:
    """Add the tombstones: from now on, no writer stores what comes of these executions."""
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            lock_definitions(connection)
            add_tombstones(connection, tombstones, when, by)


def erase_rows(connection: Connection, erasures: Erasures) -> int:
    """Erase what the database still has of executions that were erased, and such dataflows.

    Returns:
        How many executions it had.
    """
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            executions = _erased(connection, erasures)
            if executions:
                lock_definitions(connection)
                for portion in list(portions_of(connection, executions)):
                    portion.delete(connection)
                _unname(connection, executions)
                delete_orphans(connection)
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            for layout in _empty_dataflows(connection, erasures):
                lock_definitions(connection)
                _drop(connection, layout)
    return len(executions)


def check_rights(connection: Connection, executions: Sequence[StoredExecution]) -> None:
    """Raise RefusedError if the user may not erase these; changes nothing."""
    try:
        lock_definitions(connection)
        add_tombstones(connection, [Tombstone("", "")], "2000-01-01 00:00:00", "")
        for portion in list(portions_of(connection, executions)):
            portion.check_right(connection)
        connection.execute(
            f"UPDATE {table('execution_link')} SET execution_tag = %s WHERE 1 = 0", [ERASED]
        )
    finally:
        connection.rollback()


def _erased(connection: Connection, erasures: Erasures) -> list[StoredExecution]:
    return [
        execution
        for execution in stored_executions(connection)
        if erasures.has_execution(execution.dataflow, execution.tag)
    ]


def _unname(connection: Connection, executions: Sequence[StoredExecution]) -> None:
    """Let the links of other executions say that theirs was erased."""
    tags = sorted({execution.tag for execution in executions})
    for first in range(0, len(tags), AT_ONCE):
        chunk = tags[first : first + AT_ONCE]
        connection.execute(
            f"UPDATE {table('execution_link')} SET execution_tag = %s "
            f"WHERE execution_tag IN ({placeholders(len(chunk))})",
            [ERASED, *chunk],
        )


def _empty_dataflows(connection: Connection, erasures: Erasures) -> Iterator[DataflowLayout]:
    rows = connection.query(
        f"SELECT tag FROM {table('dataflow')} WHERE id NOT IN "
        f"(SELECT df_id FROM {table('dataflow_execution')})"
    )
    for (tag,) in rows:
        layout = load_layout(connection, tag) if erasures.has_dataflow(tag) else None
        if layout is not None:
            yield layout


def _drop(connection: Connection, layout: DataflowLayout) -> None:
    """Remove a dataflow without executions: its schema, and its rows in the catalogue."""
    ids = {
        "df_id": [layout.id],
        "ds_id": [known.id for known in layout.sets.values()],
        "dt_id": list(layout.transformations.values()),
    }
    for name in TABLES:
        for column in columns_of(TABLES[name]).keys() & ids.keys():
            for id_ in ids[column]:
                connection.execute(
                    f"DELETE FROM {table(name)} WHERE {identifier(column)} = %s", [id_]
                )
    connection.execute(f"DELETE FROM {table('dataflow')} WHERE id = %s", [layout.id])
    connection.execute(f"DROP SCHEMA IF EXISTS {identifier(layout.tag)} CASCADE")
