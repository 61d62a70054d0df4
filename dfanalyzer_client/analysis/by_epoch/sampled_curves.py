"""Read a metric of many runs by so few points that a small picture shows them."""

from __future__ import annotations

from collections.abc import Sequence

from ...store import Connection
from ...store.comparison.metric_values import every_nth_value, tasks_of
from ...store.reading import Catalogue
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
    owners = dict(list(tasks_of(connection, steps).items())[:MOST_TASKS])
    found: dict[int, list[float | None]] = {}
    of_tasks = {task: steps[run] for task, run in owners.items()}
    for each in every_nth_value(connection, of_tasks, metric.lower()):
        found.setdefault(owners[each.task_id], []).append(each.value)
    return found
