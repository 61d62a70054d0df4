"""Dependencies on tasks that are not stored yet: kept, and linked once those are stored.

Two writers may not see each other's rows, because a transaction sees the database as it was when
it began. So each writer looks again after its own transaction; the later of the two finds both.
"""

from __future__ import annotations

from collections.abc import Collection

from ..connection import Connection
from ..retry import retrying_conflicts
from ..schema import lock_definitions, table
from ..sql import placeholders

__all__ = ["link_pending"]


def link_pending(connection: Connection, executions: Collection[int] | None = None) -> int:
    """Link tasks to the tasks that they depend on, if those are stored by now.

    Args:
        connection: of a user who may write.
        executions: ids of the executions to look at; None: all.

    Returns:
        How many links were added.
    """
    if executions is not None and not executions:
        return 0
    count = 0
    with connection.transaction():
        found = _found(connection, executions)
    if found:
        for attempt in retrying_conflicts():
            with attempt, connection.transaction():
                lock_definitions(connection)  # so that nobody else adds the same links
                count = _link(connection, _found(connection, executions))
    return count


def _found(
    connection: Connection, executions: Collection[int] | None
) -> list[tuple[int, int, int, int, int]]:
    """Pending links: a task, its transformation; the other's transformation, identifier, id."""
    of = "" if executions is None else f"AND w.df_exec IN ({placeholders(len(executions))})"
    pending = f"SELECT count(*) FROM {table('waiting_dependency')} w WHERE TRUE {of}"
    if connection.query(pending, list(executions or ())) == [(0,)]:
        return []  # nearly always; spares a join with the many tasks
    return connection.query(
        "SELECT w.task_id, w.dt_id, w.previous_dt_id, w.previous_identifier, min(b.id) "
        f"FROM {table('waiting_dependency')} w JOIN {table('task_begun')} b "
        "ON b.df_exec = w.df_exec AND b.dt_id = w.previous_dt_id "
        f"AND b.identifier = w.previous_identifier WHERE TRUE {of} "
        "GROUP BY w.task_id, w.dt_id, w.previous_dt_id, w.previous_identifier",
        list(executions or ()),
    )


def _link(connection: Connection, found: list[tuple[int, int, int, int, int]]) -> int:
    for task, transformation, other, identifier, previous in found:
        connection.execute(
            f"INSERT INTO {table('task_dependency')} (task_id, dt_id, previous_task_id) "
            f"SELECT %s, %s, %s WHERE NOT EXISTS (SELECT 1 FROM {table('task_dependency')} "
            "WHERE task_id = %s AND previous_task_id = %s)",
            [task, transformation, previous, task, previous],
        )
        connection.execute(
            f"DELETE FROM {table('waiting_dependency')} "
            "WHERE task_id = %s AND previous_dt_id = %s AND previous_identifier = %s",
            [task, other, identifier],
        )
    return len(found)
