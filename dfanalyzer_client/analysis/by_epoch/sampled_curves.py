"""Read a metric of many runs by so few points that a small picture shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...store import Connection
from ...store.comparison.metric_values import TASKS_AT_ONCE, tasks_of
from ...store.reading import Catalogue
from ...store.schema import table
from ..run_summary import RunSummary

__all__ = ["sampled_curves"]

POINTS = 40

MOST_TASKS = 1000
"""Of all runs together: reading more would take longer than somebody waits for small pictures."""


def sampled_curves(
    connection: Connection, runs: Sequence[RunSummary], metric: str, points: int = POINTS
) -> dict[int, list[float | None]]:
    """Values of a metric by the runs' ids: every n-th epoch, so that there are at most `points`."""
    if not Catalogue(connection).columns("metric_value"):
        return {}
    steps = {run.id: max(1, -(-run.epochs // points)) for run in runs}
    tasks = list(tasks_of(connection, steps).items())[:MOST_TASKS]
    found: dict[int, list[float | None]] = {}
    for first in range(0, len(tasks), TASKS_AT_ONCE):
        some = tasks[first : first + TASKS_AT_ONCE]
        owners = dict(some)
        for task, _, value in sorted(
            _points(connection, metric, some, steps), key=lambda row: row[:2]
        ):
            found.setdefault(owners[task], []).append(value)
    return found


def _points(
    connection: Connection, metric: str, tasks: Sequence[tuple[int, int]], steps: dict[int, int]
) -> list[tuple[int, float, float | None]]:
    """Task, epoch and value, task by task: as `metric_values` explains."""
    part = (
        f'SELECT task_id, epoch, "value" FROM {table("metric_value")} WHERE task_id = %s '
        'AND "name" = %s AND epoch IS NOT NULL AND MOD(CAST(epoch AS BIGINT), %s) = 0'
    )
    parameters = list[Any]()
    for task, run in tasks:
        parameters += [task, metric.lower(), steps[run]]
    rows: list[tuple[int, float, float | None]] = connection.query(
        " UNION ALL ".join([part] * len(tasks)), parameters
    )
    return rows
