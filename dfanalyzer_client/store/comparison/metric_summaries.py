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

from collections.abc import Callable, Collection, Iterable, Iterator
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
    "summarize_dataflows",
]

TASKS_AT_ONCE = 500
VALUES_AT_ONCE = 2_000_000
"""One statement summarizes about so many values: enough to be quick, and few enough for memory."""

MOST_SINGLE = 20
"""The values of so many tasks are looked up task by task, by MonetDB's index."""

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
OF_TASKS = f"""
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
"""The summaries of the values that fulfil a condition: quick for those of one task, by its index.

NaN and infinities are neither the lowest nor the highest value. Where several values are of the
last epoch, or of none, the largest is the last one.
"""

OF_MANY = f"""
SELECT s.task_id, s."name", s."count", s."lowest", s."lowest_epoch", s."highest", s."highest_epoch",
       s."last", s."last_epoch", x.exact AS "last_exact"
FROM (
    SELECT w.task_id, w."name", w."count", w."lowest",
           min(CASE WHEN v."value" = w."lowest" THEN v.epoch END) AS "lowest_epoch",
           w."highest",
           min(CASE WHEN v."value" = w."highest" THEN v.epoch END) AS "highest_epoch",
           max(CASE WHEN v.epoch = w."last_epoch" OR w."last_epoch" IS NULL THEN v."value" END)
               AS "last",
           w."last_epoch"
    FROM (
        SELECT v.task_id, v."name", count(*) AS "count", min(v."value") AS "lowest",
               max(v."value") AS "highest", max(v.epoch) AS "last_epoch"
        FROM {table("metric_value")} v WHERE {{condition}} GROUP BY v.task_id, v."name"
      ) AS w
      JOIN {table("metric_value")} v ON v.task_id = w.task_id AND v."name" = w."name"
    WHERE {{condition}}
    GROUP BY w.task_id, w."name", w."count", w."lowest", w."highest", w."last_epoch"
  ) AS s
  LEFT JOIN (
    SELECT v.task_id, v."name", v.epoch, v."value", min(v.exact) AS exact
    FROM {table("metric_value")} v WHERE v.exact IS NOT NULL AND {{condition}}
    GROUP BY v.task_id, v."name", v.epoch, v."value"
  ) AS x ON x.task_id = s.task_id AND x."name" = s."name"
    AND (x.epoch = s."last_epoch" OR (x.epoch IS NULL AND s."last_epoch" IS NULL))
    AND (x."value" = s."last" OR (x."value" IS NULL AND s."last" IS NULL))
"""
"""The same summaries, in a quarter of the time where there are millions of values."""


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
        return f"({OF_MANY.format(condition='TRUE')})"
    stored = f"SELECT {COLUMNS} FROM {table('metric_summary')}"
    live = [OF_TASKS.format(condition=condition) for condition in running]
    return f"({' UNION ALL '.join([stored, *live])})"


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
    _summarize(connection, tasks)


def summarize_dataflows(
    connection: Connection,
    dataflows: Collection[int],
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write the summaries of all tasks of dataflows that have ended, and have none.

    Args:
        connection: in a transaction.
        dataflows: their ids.
        progress: called with the share that is done, from 0 to 1, after each part.
    """
    rows = connection.query(
        f"SELECT b.id, d.df_id FROM {table('task_begun')} b "
        f"JOIN {table('task_ended')} e ON e.task_id = b.id "
        f"JOIN {table('data_transformation')} d ON d.id = b.dt_id"
    )
    wanted = frozenset(dataflows)
    _summarize(connection, {task for task, of in rows if of in wanted}, progress)


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


def _summarize(
    connection: Connection,
    tasks: Collection[int],
    progress: Callable[[float], None] | None = None,
) -> None:
    if len(tasks) <= MOST_SINGLE:
        parts = [(_summaries_in(id_, id_), 1) for id_ in sorted(tasks)]
    else:
        parts = list(_ranges(connection, frozenset(tasks)))
    done, total = 0, sum(count for _, count in parts)
    for summaries, count in parts:
        connection.execute(f"INSERT INTO {table('metric_summary')} ({COLUMNS}) {summaries}")
        done += count
        if progress is not None:
            progress(done / total)


def _ranges(connection: Connection, tasks: frozenset[int]) -> Iterator[tuple[str, int]]:
    """Queries for the summaries of tasks, and how many values each reads.

    They compare ids with a range, not with a list: a list takes MonetDB seconds in a large table.
    """
    first, last, values = None, 0, 0
    for task, count in connection.query(
        f"SELECT task_id, count(*) FROM {table('metric_value')} GROUP BY task_id ORDER BY task_id"
    ):
        is_wanted = task in tasks
        if first is not None and (not is_wanted or values >= VALUES_AT_ONCE):
            yield _summaries_in(first, last), values
            first, values = None, 0
        if is_wanted:
            first, last, values = task if first is None else first, task, values + count
    if first is not None:
        yield _summaries_in(first, last), values


def _summaries_in(first: int, last: int) -> str:
    """A query for the summaries of the tasks from one id to another."""
    if first == last:
        return OF_TASKS.format(condition=f"v.task_id = {first:d}")
    return OF_MANY.format(condition=f"v.task_id BETWEEN {first:d} AND {last:d}")


def _running(connection: Connection) -> list[str]:
    """Conditions for the values ``v`` of the tasks that have not ended: each task fulfils one."""
    rows: list[tuple[Any, ...]] = connection.query(f"{RUNNING} LIMIT {MOST_LISTED + 1}")
    ids = [int(id_) for (id_,) in rows]
    if len(ids) > MOST_LISTED:
        return [f"v.task_id IN ({RUNNING})"]
    if len(ids) > MOST_SINGLE:
        return [f"v.task_id IN ({', '.join(map(str, ids))})"]
    return [f"v.task_id = {id_}" for id_ in ids]


def _covers(connection: Connection, running: Iterable[str]) -> bool:
    """Whether summaries and running tasks have as many values as there are."""
    values = table("metric_value")
    live = [f"(SELECT count(*) FROM {values} v WHERE {condition})" for condition in running]
    summed = f'COALESCE((SELECT sum("count") FROM {table("metric_summary")}), 0)'
    ((covered, stored),) = connection.query(
        f"SELECT {' + '.join([summed, *live])}, (SELECT count(*) FROM {values})"
    )
    return bool(covered == stored)


def _chunks(tasks: Collection[int]) -> list[list[int]]:
    ids = sorted(tasks)
    return [ids[first : first + TASKS_AT_ONCE] for first in range(0, len(ids), TASKS_AT_ONCE)]
