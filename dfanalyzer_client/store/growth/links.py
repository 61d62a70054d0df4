"""Dependencies on tasks of which nothing was said yet: kept, and linked when those come.

Whoever stores a task may not see the other's rows, for each sees the database as it was when its
transaction began. So each looks once more after its own transaction, and the later one of the two
finds both.
"""

from __future__ import annotations

from collections.abc import Collection

from ..connection import Connection
from ..retry import retrying_conflicts
from ..schema import lock_definitions, table

__all__ = ["link_pending"]


def link_pending(connection: Connection, executions: Collection[int] | None = None) -> int:
    """Link tasks that waited for others which are there now; how many links were waited for.

    Args:
        connection: of a user who may write.
        executions: ids of those to look at; None: all.
    """
    if executions is not None and not executions:
        return 0
    count = 0
    with connection.transaction():
        found = _found(connection, executions)
    if found:
        for attempt in retrying_conflicts():
            with attempt, connection.transaction():
                lock_definitions(connection)  # nobody else makes links of what waits
                count = _link(connection, _found(connection, executions))
    return count


def _found(
    connection: Connection, executions: Collection[int] | None
) -> list[tuple[int, int, int, int, int]]:
    """What waited: task, its transformation, the other's transformation, identifier and id."""
    of = "" if executions is None else f"AND w.df_exec IN ({', '.join(['%s'] * len(executions))})"
    pending = f"SELECT count(*) FROM {table('waiting_dependency')} w WHERE TRUE {of}"
    if connection.query(pending, list(executions or ())) == [(0,)]:
        return []  # as it nearly always is, and tasks are many
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
