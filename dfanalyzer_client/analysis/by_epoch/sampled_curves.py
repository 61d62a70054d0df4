"""Read a metric of many runs by so few points that a small picture shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ...store import Connection
from ...store.reading import Catalogue
from ...store.schema import table
from ...store.sql import placeholders
from ..run_summary import RunSummary

__all__ = ["sampled_curves"]

POINTS = 40


def sampled_curves(
    connection: Connection, runs: Sequence[RunSummary], metric: str, points: int = POINTS
) -> dict[int, list[float | None]]:
    """Values of a metric by the runs' ids: every n-th epoch, so that there are at most `points`."""
    found: dict[int, list[float | None]] = {}
    if not Catalogue(connection).columns("metric_value"):
        return found
    by_step = defaultdict[int, list[int]](list)
    for run in runs:
        by_step[max(1, -(-run.epochs // points))].append(run.id)
    for step, ids in by_step.items():
        for id_, value in connection.query(
            f"SELECT t.df_exec, v.value FROM {table('metric_value')} AS v "
            f"JOIN {table('task_begun')} AS t ON t.id = v.task_id "
            f"WHERE v.name = %s AND t.df_exec IN ({placeholders(len(ids))}) "
            "AND v.epoch IS NOT NULL AND MOD(CAST(v.epoch AS BIGINT), %s) = 0 "
            "ORDER BY v.task_id, v.epoch",
            [metric.lower(), *ids, step],
        ):
            found.setdefault(id_, []).append(value)
    return found
