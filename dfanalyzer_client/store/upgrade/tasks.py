"""Move the predecessor's tasks from its one table, which is updated, into our two.

Their times come from ``performance``, where those are texts.
"""

from __future__ import annotations

from datetime import datetime

from ...support.clock import naive_utc
from ...task_status import ENDED
from ..bulk import insert_rows
from ..connection import Connection
from ..inspection import TableFound
from ..schema import TABLES, columns_of, quoted_columns, table
from ..sql import column_list, identifier, placeholders
from .rebuilding import wider_type

__all__ = ["move_tasks"]

TIMES = "upgrade_times"
"""Name of a temporary table that exists only during a step."""

DERIVED = ("df_exec", "began")
"""Columns whose values are not copied as they are."""


def move_tasks(connection: Connection, old: TableFound, key: str) -> list[str]:
    """Move all tasks into ``task_begun`` and ``task_ended``, and drop the old table.

    Args:
        connection: in a transaction.
        old: the predecessor's table.
        key: the column of ``dataflow_execution`` to which its `df_exec` refers.

    Returns:
        The columns that only the old table had; ``task_begun`` gets them, too.
    """
    _create_times(connection)
    columns = columns_of(TABLES["task_begun"])
    extra = {
        name: wider_type(column.type) for name, column in old.columns.items() if name not in columns
    }
    connection.execute(f"CREATE TABLE {table('task_begun')} ({column_list(columns | extra)})")
    connection.execute(
        f"CREATE TABLE {table('task_ended')} ({quoted_columns(TABLES['task_ended'])})"
    )
    _copy_begun(connection, [name for name in columns if name not in DERIVED] + [*extra], key)
    _copy_ended(connection)
    connection.execute(f"DROP TABLE {table(TIMES)}")
    connection.execute(f"DROP TABLE {table('task')}")
    return list(extra)


def _copy_begun(connection: Connection, copied: list[str], key: str) -> None:
    names = ", ".join(map(identifier, copied))
    values = ", ".join(f"t.{identifier(name)}" for name in copied)
    connection.execute(
        f'INSERT INTO {table("task_begun")} ({names}, "df_exec", "began") '
        f"SELECT {values}, e.id, w.began FROM {table('task')} t "
        f"LEFT JOIN (SELECT {key} AS named, min(id) AS id FROM {table('dataflow_execution')} "
        f"GROUP BY {key}) e ON e.named = t.df_exec "
        f"LEFT JOIN {table(TIMES)} w ON w.task_id = t.id ORDER BY t.id"
    )


def _copy_ended(connection: Connection) -> None:
    connection.execute(
        f"INSERT INTO {table('task_ended')} "
        "SELECT t.id, t.status, t.output_msg, t.error_msg, w.ended "
        f"FROM {table('task')} t LEFT JOIN {table(TIMES)} w ON w.task_id = t.id "
        f"WHERE t.status IN ({placeholders(len(ENDED))})",
        sorted(status.value for status in ENDED),
    )


def _create_times(connection: Connection) -> None:
    """Create a table of when each task began and ended, as far as `performance` is readable."""
    times: dict[int, list[datetime | None]] = {}
    rows = connection.query(f"SELECT task_id, starttime, endtime FROM {table('performance')}")
    for task, start, end in rows:
        began, ended = _moment(start), _moment(end)
        known = times.setdefault(task, [None, None])
        known[0] = min(filter(None, (known[0], began)), default=None)
        known[1] = max(filter(None, (known[1], ended)), default=None)
    connection.execute(
        f'CREATE TABLE {table(TIMES)} ("task_id" BIGINT, "began" TIMESTAMP, "ended" TIMESTAMP)'
    )
    values = [
        [task, *(None if moment is None else moment.isoformat(" ") for moment in pair)]
        for task, pair in times.items()
    ]
    insert_rows(connection, table(TIMES), ["task_id", "began", "ended"], values)


def _moment(value: object) -> datetime | None:
    try:
        return naive_utc(
            value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        )
    except ValueError:
        return None
