"""Move the predecessor's tasks from its one table, which is updated, into our two.

Their times come from ``performance``, where those are texts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from ...support.clock import naive_utc
from ...task_status import ENDED
from ..bulk import insert_rows
from ..connection import Connection
from ..inspection import TableFound
from ..origins.predecessor_tables import PredecessorTables
from ..schema import TABLES, columns_of, quoted_columns, table
from ..sql import column_list, identifier, placeholders
from .rebuilding import wider_type

__all__ = ["move_tasks", "task_view"]

TIMES = "upgrade_times"
"""Name of a temporary table that exists only during a step."""

DERIVED = ("df_exec", "began")
"""Columns whose values are not copied as they are."""

CHANGING = ("status", "output_msg", "error_msg")
"""Columns that are updated in the predecessor's table; the end of a task has its own in ours."""


def move_tasks(
    connection: Connection,
    found: Mapping[str, TableFound],
    predecessors: PredecessorTables,
    first_execution: int,
) -> None:
    """Move all tasks into ``task_begun`` and ``task_ended``, and drop the old table.

    ``task_begun`` also gets the columns that only the old table had.

    Args:
        connection: in a transaction.
        found: the predecessor's tables.
        predecessors: how they are read.
        first_execution: what to add to the id of an execution that `predecessors` gives.
    """
    old = found["task"].columns
    _create_times(connection, "performance" in found)
    columns = columns_of(TABLES["task_begun"])
    extra = {name: wider_type(column.type) for name, column in old.items() if name not in columns}
    connection.execute(f"CREATE TABLE {table('task_begun')} ({column_list(columns | extra)})")
    connection.execute(
        f"CREATE TABLE {table('task_ended')} ({quoted_columns(TABLES['task_ended'])})"
    )
    copied = [name for name in [*columns, *extra] if name in old and name not in DERIVED]
    execution, joins = predecessors.execution_of_task()
    names, values = (
        ", ".join(prefix + identifier(name) for name in copied) for prefix in ("", "t.")
    )
    connection.execute(
        f'INSERT INTO {table("task_begun")} ({names}, "df_exec", "began") '
        f"SELECT {values}, {execution} + %s, w.began FROM {table('task')} t {joins} "
        f"LEFT JOIN {table(TIMES)} w ON w.task_id = t.id ORDER BY t.id",
        [first_execution],
    )
    _copy_ended(connection, old)
    connection.execute(f"DROP TABLE {table(TIMES)}")
    connection.execute(f"DROP TABLE {table('task')}")


def task_view(old: TableFound, key: str | None) -> str:
    """The view that replaces the predecessor's table of tasks, with the same columns.

    Args:
        old: that table.
        key: the column of ``dataflow_execution`` to which its `df_exec` refers, if it has one.
    """
    columns = []
    for name in old.columns:
        column = identifier(name)
        if name in CHANGING:
            columns.append(f"COALESCE(e.{column}, b.{column}) AS {column}")
        elif name == "df_exec" and key is not None:
            columns.append(f"x.{identifier(key)} AS {column}")
        else:
            columns.append(f"b.{column}")
    return (
        f"CREATE VIEW {table('task')} AS SELECT {', '.join(columns)} "
        f"FROM {table('task_begun')} AS b "
        f"LEFT JOIN {table('task_ended')} AS e ON e.task_id = b.id "
        f"LEFT JOIN {table('dataflow_execution')} AS x ON x.id = b.df_exec"
    )


def _copy_ended(connection: Connection, old: Collection[str]) -> None:
    texts = [name for name in ("output_msg", "error_msg") if name in old]
    names, values = (
        "".join(f", {prefix}{identifier(name)}" for name in texts) for prefix in ("", "t.")
    )
    connection.execute(
        f'INSERT INTO {table("task_ended")} ("task_id", "status", "ended"{names}) '
        f"SELECT t.id, t.status, w.ended{values} "
        f"FROM {table('task')} t LEFT JOIN {table(TIMES)} w ON w.task_id = t.id "
        f"WHERE t.status IN ({placeholders(len(ENDED))})",
        sorted(status.value for status in ENDED),
    )


def _create_times(connection: Connection, has_performances: bool) -> None:
    """Create a table of when each task began and ended, as far as `performance` is readable."""
    times: dict[int, list[datetime | None]] = {}
    rows = []
    if has_performances:
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
