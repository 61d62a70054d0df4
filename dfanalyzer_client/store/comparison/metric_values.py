"""Read metrics by epoch, of certain tasks.

The tasks are a table of the statement that the values are joined with: MonetDB then looks each of
them up in an index, or reads the column of tasks once, in a tenth of a second where there are 40
million values. A condition that lists tasks compares each value with all of them. Other conditions
stand in a CASE, because MonetDB would check a plain one first, for all values: that is quicker only
for a range of tasks that leaves few values, as for executions that trained one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ..connection import Connection
from ..schema import table
from ..sql import placeholders

__all__ = ["EpochValue", "epoch_values", "every_nth_value", "extreme_values", "tasks_of"]

NEAR = 50
"""Tasks whose ids differ by no more are in one range: it has few tasks that nobody asks for."""

MOST_RANGES = 4
"""Each range is a look at all values."""


class EpochValue(NamedTuple):
    """A metric in an epoch; `exact` spells a number that a DOUBLE cannot hold."""

    task_id: int
    name: str
    epoch: float
    value: float | None
    exact: str | None


def tasks_of(connection: Connection, executions: Collection[int]) -> dict[int, int]:
    """The tasks of executions: the execution of each, by the task's id."""
    if not executions:
        return {}
    rows = connection.query(
        f"SELECT id, df_exec FROM {table('task_begun')} "
        f"WHERE df_exec IN ({placeholders(len(executions))}) ORDER BY id",
        list(executions),
    )
    return dict(rows)


def epoch_values(
    connection: Connection,
    tasks: Collection[int],
    names: Sequence[str] = (),
    *,
    after: float | None = None,
) -> list[EpochValue]:
    """The metrics of tasks by epoch, by task, name and epoch.

    Args:
        connection: to the database.
        tasks: their ids.
        names: those of metrics; none: all.
        after: only later epochs than this; None: all.
    """
    if not tasks:
        return []
    earlier = "" if after is None else "WHEN m.epoch <= %s"
    source, parameters = _source(dict.fromkeys(sorted(tasks), 1), names, earlier)
    if after is not None:
        parameters.append(after)
    rows = connection.query(
        f'SELECT m.task_id, m."name", m.epoch, m."value", m.exact FROM {source}', parameters
    )
    return sorted(map(EpochValue._make, rows), key=lambda each: each[:3])


def every_nth_value(
    connection: Connection, steps: Mapping[int, int], name: str
) -> list[EpochValue]:
    """A metric of tasks in the first epoch and every n-th after it, by task and epoch.

    Args:
        connection: to the database.
        steps: n for each task.
        name: of the metric, as it is stored.
    """
    if not steps:
        return []
    source, parameters = _source(steps, [name], "WHEN MOD(CAST(m.epoch AS BIGINT), w.step) <> 0")
    rows = connection.query(
        f'SELECT m.task_id, m."name", m.epoch, m."value", m.exact FROM {source}', parameters
    )
    return sorted(map(EpochValue._make, rows), key=lambda each: each[:3])


def extreme_values(
    connection: Connection, steps: Mapping[int, int], names: Sequence[str] = ()
) -> list[EpochValue]:
    """The lowest and the highest value of each stretch of epochs, and the last value of a curve.

    They are in the order of task, name and epoch. A picture of them has the peaks of a picture of
    all values. A stretch without a number has its first epoch, with None.

    Args:
        connection: to the database.
        steps: epochs of a stretch, for each task.
        names: of the metrics, as they are stored; empty: all.
    """
    if not steps:
        return []
    source, parameters = _source(steps, names)
    rows = connection.query(
        'WITH p AS (SELECT m.task_id AS t, m."name" AS n, m.epoch AS e, m."value" AS v, '
        f"CAST(m.epoch AS BIGINT) / w.step AS s FROM {source}), "
        "g AS (SELECT t, n, s, min(v) AS low, max(v) AS high, max(e) AS last FROM p "
        "GROUP BY t, n, s) SELECT p.t, p.n, "
        "COALESCE(min(CASE WHEN p.v = g.low THEN p.e END), min(p.e)), min(g.low), "
        "COALESCE(min(CASE WHEN p.v = g.high THEN p.e END), min(p.e)), min(g.high), "
        "min(g.last), min(CASE WHEN p.e = g.last THEN p.v END) "
        "FROM p JOIN g ON p.t = g.t AND p.n = g.n AND p.s = g.s GROUP BY p.t, p.n, p.s",
        parameters,
    )
    points: dict[tuple[int, str, float], float | None] = {}
    ends: dict[tuple[int, str], tuple[float, float | None]] = {}
    for task, name, low_epoch, low, high_epoch, high, last_epoch, last in rows:
        points[task, name, low_epoch], points[task, name, high_epoch] = low, high
        if last_epoch >= ends.get((task, name), (last_epoch,))[0]:
            ends[task, name] = last_epoch, last
    points |= {(*curve, epoch): value for curve, (epoch, value) in ends.items()}
    return [EpochValue(*place, points[place], None) for place in sorted(points)]


def _source(
    steps: Mapping[int, int], names: Sequence[str], unless: str = ""
) -> tuple[str, list[Any]]:
    """What follows FROM: values by epoch, ``m``, of tasks, ``w``; and the parameters of that."""
    others = f'WHEN m."name" NOT IN ({placeholders(len(names))}) THEN 0 ' if names else ""
    excluded = f"{unless} THEN 0 " if unless else ""
    near, bounds = _near(steps)
    text = (
        f"(VALUES {', '.join(['(%s, %s)'] * len(steps))}) AS w(id, step) "
        f"JOIN {table('metric_value')} AS m ON m.task_id = w.id "
        f"WHERE {near}CASE WHEN m.epoch IS NULL THEN 0 {others}{excluded}ELSE 1 END = 1"
    )
    pairs: list[Any] = [each for pair in steps.items() for each in pair]
    return text, [*pairs, *bounds, *names]


def _near(tasks: Collection[int]) -> tuple[str, list[int]]:
    """A condition that leaves only the values of these tasks and of some near them.

    It is empty where tasks are so far from each other that checking it would take longer.
    """
    ordered = sorted(tasks)
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(ordered), 1) if b - a > NEAR)]
    if len(starts) > MOST_RANGES:
        return "", []
    ends = [*starts[1:], len(ordered)]
    bounds = [
        task
        for start, end in zip(starts, ends, strict=True)
        for task in (ordered[start], ordered[end - 1])
    ]
    ranges = " OR ".join(["m.task_id BETWEEN %s AND %s"] * len(starts))
    return f"({ranges}) AND ", bounds
