"""The lowest, highest and last value of each metric of each task, so that no query reads them all.

``metric_summary`` has a row for each metric of each task that has ended. It is written in the
transaction that stores the end, and again in one that stores values after it. The tasks that still
run are summarized when they are asked for.

Two processes that send values of one task, and its end, at the same time do not see each other's
rows. So whoever reads first compares the numbers of values, which takes a millisecond: if some are
missing, the summaries are computed from the values themselves, which is slow and right, and the
next process that stores writes the missing ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ..connection import Connection
from ..schema import PUBLIC, TABLES, columns_of, lock_definitions, names_in, table
from ..sql import identifier, placeholders

__all__ = [
    "has_all_summaries",
    "remove_summaries",
    "repair_summaries",
    "summaries_source",
    "summarize",
    "summarize_dataflow",
]

TASKS_AT_ONCE = 500
MOST_LISTED = 1000
"""So many running tasks are named in a statement; more of them are looked up by it."""

TYPES = columns_of(TABLES["metric_summary"])
COLUMNS = ", ".join(map(identifier, TYPES))
NULLS = ", ".join(f"CAST(NULL AS {type_}) AS {identifier(name)}" for name, type_ in TYPES.items())
NOTHING = f"(SELECT {NULLS} WHERE FALSE)"
RUNNING = (
    f"SELECT b.id FROM {table('task_begun')} b "
    f"LEFT JOIN {table('task_ended')} e ON e.task_id = b.id WHERE e.task_id IS NULL"
)
WHOLE = f"""
SELECT w.task_id, w."name", count(*) AS "count",
       min(w."value") AS "lowest",
       min(CASE WHEN w."value" = w.low THEN w.epoch END) AS "lowest_epoch",
       max(w."value") AS "highest",
       min(CASE WHEN w."value" = w.high THEN w.epoch END) AS "highest_epoch",
       max(CASE WHEN w.place = 1 THEN w."value" END) AS "last",
       max(CASE WHEN w.place = 1 THEN w.epoch END) AS "last_epoch",
       max(CASE WHEN w.place = 1 THEN w.exact END) AS "last_exact"
FROM (
    SELECT v.task_id, v."name", v."value", v.exact, v.epoch,
           min(v."value") OVER (PARTITION BY v.task_id, v."name") AS low,
           max(v."value") OVER (PARTITION BY v.task_id, v."name") AS high,
           row_number() OVER (
               PARTITION BY v.task_id, v."name"
               ORDER BY v.epoch DESC NULLS LAST, v."value" DESC NULLS LAST, v.exact NULLS LAST
           ) AS place
    FROM {table("metric_value")} v WHERE {{condition}}
  ) AS w
GROUP BY w.task_id, w."name"
"""
"""The summaries of the values that fulfil a condition. NaN and infinities are neither the lowest
nor the highest value. Where several values are of the last epoch, or of none, the largest is the
last one."""


def summaries_source(connection: Connection) -> str:
    """What FROM takes to find a row for each metric of each task, as this transaction sees them.

    Its columns are those of ``metric_summary``: task_id, name, count, lowest, lowest_epoch,
    highest, highest_epoch, last, last_epoch and last_exact; the last two say NaN, infinities and
    large integers exactly. In SQL, quote ``count`` and ``last``. A catalogue without metrics gives
    none.
    """
    found = names_in(connection, PUBLIC)
    if "metric_value" not in found:
        return NOTHING
    running = _running(connection)
    if "metric_summary" not in found or not _covers(connection, running):
        return f"({WHOLE.format(condition='TRUE')})"
    stored = f"SELECT {COLUMNS} FROM {table('metric_summary')}"
    if running is None:
        return f"({stored})"
    return f"({stored} UNION ALL {WHOLE.format(condition=running)})"


def has_all_summaries(connection: Connection) -> bool:
    """Whether all values of tasks that have ended are in ``metric_summary``."""
    return _covers(connection, _running(connection))


def summarize(
    connection: Connection, tasks: Collection[int], *, again: Collection[int] = ()
) -> None:
    """Write the summaries of tasks whose values this transaction sees.

    Args:
        connection: in the transaction that stores the tasks' ends, or values after it.
        tasks: ids of tasks that have ended.
        again: those of them that may have summaries, which are replaced.
    """
    remove_summaries(connection, again)
    for chunk in _chunks(tasks):
        _insert(connection, f"v.task_id IN ({placeholders(len(chunk))})", chunk)


def summarize_dataflow(connection: Connection, dataflow: int) -> None:
    """Write the summaries of all tasks of a dataflow that have ended, and have none."""
    _insert(
        connection,
        f"v.task_id IN (SELECT b.id FROM {table('task_begun')} b "
        f"JOIN {table('task_ended')} e ON e.task_id = b.id "
        f"JOIN {table('data_transformation')} d ON d.id = b.dt_id WHERE d.df_id = %s)",
        [dataflow],
    )


def remove_summaries(connection: Connection, tasks: Collection[int]) -> None:
    """Remove the summaries of tasks, whose values are removed or written anew."""
    for chunk in _chunks(tasks):
        connection.execute(
            f"DELETE FROM {table('metric_summary')} WHERE task_id IN ({placeholders(len(chunk))})",
            chunk,
        )


def repair_summaries(connection: Connection) -> int:
    """Write the summaries that are missing or incomplete; returns of how many tasks.

    Args:
        connection: in a transaction.
    """
    if has_all_summaries(connection):
        return 0
    lock_definitions(connection)  # so that nobody else does the same
    rows = connection.query(
        "SELECT task_id FROM ("
        f"SELECT task_id, count(*) AS found, 0 AS known FROM {table('metric_value')} "
        "GROUP BY task_id UNION ALL "
        f'SELECT task_id, 0, sum("count") FROM {table("metric_summary")} GROUP BY task_id'
        f") AS c WHERE task_id NOT IN ({RUNNING}) "
        "GROUP BY task_id HAVING sum(found) <> sum(known)"
    )
    tasks = [task for (task,) in rows]
    summarize(connection, tasks, again=tasks)
    return len(tasks)


def _insert(connection: Connection, condition: str, parameters: Sequence[int]) -> None:
    connection.execute(
        f"INSERT INTO {table('metric_summary')} ({COLUMNS}) {WHOLE.format(condition=condition)}",
        parameters,
    )


def _running(connection: Connection) -> str | None:
    """A condition for the values ``v`` of the tasks that have not ended; None if there are none."""
    rows: list[tuple[Any, ...]] = connection.query(f"{RUNNING} LIMIT {MOST_LISTED + 1}")
    if not rows:
        return None
    listed = RUNNING if len(rows) > MOST_LISTED else ", ".join(str(int(id_)) for (id_,) in rows)
    return f"v.task_id IN ({listed})"


def _covers(connection: Connection, running: str | None) -> bool:
    """Whether summaries and running tasks have as many values as there are."""
    live = "0"
    if running is not None:
        live = f"(SELECT count(*) FROM {table('metric_value')} v WHERE {running})"
    ((covered, stored),) = connection.query(
        f'SELECT COALESCE((SELECT sum("count") FROM {table("metric_summary")}), 0) + {live}, '
        f"(SELECT count(*) FROM {table('metric_value')})"
    )
    return bool(covered == stored)


def _chunks(tasks: Collection[int]) -> list[list[int]]:
    ids = sorted(tasks)
    return [ids[first : first + TASKS_AT_ONCE] for first in range(0, len(ids), TASKS_AT_ONCE)]
