"""Read metrics by epoch, task by task: a condition that lists tasks would read all values.

MonetDB finds the values of one task by an index, in about a millisecond whatever else there is. A
list of tasks is compared with every value instead, which takes seconds where there are 70 million.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from ..connection import Connection
from ..schema import table
from ..sql import placeholders

__all__ = ["EpochValue", "epoch_values", "tasks_of"]

TASKS_AT_ONCE = 50
"""So many are read by one statement."""

MOST_SINGLE = 2000
"""Reading the values of more tasks one by one takes longer than comparing all values with them."""


NO_TASK = -1


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
    ids = sorted(tasks)
    found: list[EpochValue] = []
    if len(ids) > MOST_SINGLE:
        found += _values(connection, f"IN ({placeholders(len(ids))})", [ids], names, after)
    else:
        for first in range(0, len(ids), TASKS_AT_ONCE):
            some = [[id_] for id_ in ids[first : first + TASKS_AT_ONCE]]
            found += _values(connection, "= %s", some, names, after)
    return sorted(found, key=lambda each: each[:3])


def _values(
    connection: Connection,
    condition: str,
    tasks: Iterable[Sequence[int]],
    names: Sequence[str],
    after: float | None,
) -> Iterable[EpochValue]:
    named = f'AND "name" IN ({placeholders(len(names))}) ' if names else ""
    part = (
        f'SELECT task_id, "name", epoch, "value", exact FROM {table("metric_value")} '
        f"WHERE task_id {condition} {named}AND epoch IS NOT NULL"
        + ("" if after is None else " AND epoch > %s")
    )
    others = [*names, *([] if after is None else [after])]
    parts, parameters = list[str](), list[Any]()
    for some in tasks:
        parts.append(part)
        parameters += [*some, *others]
    if len(parts) == 1:  # MonetDB reads the index for a union, and all values for less
        parts.append(part)
        parameters += [*([NO_TASK] * (len(parameters) - len(others))), *others]
    return map(EpochValue._make, connection.query(" UNION ALL ".join(parts), parameters))
