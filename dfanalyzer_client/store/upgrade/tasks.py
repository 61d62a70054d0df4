"""Move the predecessor's tasks from its one table, which is updated, into our two.

Their times come from ``performance``, where those are texts.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ...task_status import ENDED
from ..bulk import insert_rows
from ..connection import Connection
from ..inspection import TableFound
from ..schema import TABLES, columns_of, quoted_columns, table
from ..sql import identifier, placeholders
from .rebuilding import wider_type

__all__ = ["move_tasks"]

TIMES = "upgrade_times"
"""Name of a temporary table that exists only during a step."""


def move_tasks(connection: Connection, old: TableFound, key: str) -> list[str]:
    """Tasks into the tables that are only appended to; the columns that only the old one had."""
    _note_times(connection)
    columns = columns_of(TABLES["task_begun"])
    extra = {name: each for name, each in old.columns.items() if name not in columns}
    more = "".join(f", {identifier(name)} {wider_type(each.type)}" for name, each in extra.items())
    for name in ("task_begun", "task_ended"):
        tail = more if name == "task_begun" else ""
        connection.execute(f"CREATE TABLE {table(name)} ({quoted_columns(TABLES[name])}{tail})")
    copied = [*(name for name in columns if name not in ("df_exec", "began")), *extra]
    names = ", ".join(map(identifier, copied))
    values = ", ".join(f"t.{identifier(name)}" for name in copied)
    connection.execute(
        f'INSERT INTO {table("task_begun")} ({names}, "df_exec", "began") '
        f"SELECT {values}, e.id, w.began FROM {table('task')} t "
        f"LEFT JOIN (SELECT {key} AS named, min(id) AS id FROM {table('dataflow_execution')} "
        f"GROUP BY {key}) e ON e.named = t.df_exec "
        f"LEFT JOIN {table(TIMES)} w ON w.task_id = t.id ORDER BY t.id"
    )
    connection.execute(
        f"INSERT INTO {table('task_ended')} "
        "SELECT t.id, t.status, t.output_msg, t.error_msg, w.ended "
        f"FROM {table('task')} t LEFT JOIN {table(TIMES)} w ON w.task_id = t.id "
        f"WHERE t.status IN ({placeholders(len(ENDED))})",
        sorted(status.value for status in ENDED),
    )
    connection.execute(f"DROP TABLE {table(TIMES)}")
    connection.execute(f"DROP TABLE {table('task')}")
    return list(extra)


def _note_times(connection: Connection) -> None:
    """When each task began and ended, where `performance` says so in a way that is understood."""
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
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
