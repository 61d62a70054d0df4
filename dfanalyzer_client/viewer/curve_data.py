"""Curves as charts take them: for each training and metric, epochs and values side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..analysis import Runs, RunSummary
from ..analysis.by_epoch import curves_with
from ..errors import UnknownTagError
from ..store import Connection

__all__ = ["curve_data"]


def curve_data(
    connection: Connection, runs: Sequence[RunSummary], metrics: Sequence[str] = ()
) -> dict[str, Any]:
    """What `drawCurves` of static/curves.js draws.

    ``runs`` are what the curves belong to; ``series`` have the place of their run, the number of
    the training in it, the metric, and as many ``epochs`` as ``values``; ``adaptations`` have the
    place of their run, the epoch from which they hold, what changed, and who changed it.

    Args:
        connection: to the database.
        runs: the executions.
        metrics: names; empty: all of them.
    """
    try:
        found = curves_with(connection, Runs(list(runs)), metrics)
    except UnknownTagError:  # nothing is measured yet
        return {"runs": _runs(runs), "series": [], "adaptations": []}
    place = {run.id: number for number, run in enumerate(runs)}
    series: dict[tuple[int, int, str], dict[str, Any]] = {}
    for id_, _, training, metric, epoch, value in found.rows:
        key = (place[id_], training, metric)
        one = series.get(key)
        if one is None:
            one = series[key] = {
                "run": place[id_],
                "training": training,
                "metric": metric,
                "epochs": [],
                "values": [],
            }
        one["epochs"].append(epoch)
        one["values"].append(value)
    adaptations = [{**row, "run": place[row.pop("id")]} for row in found.adaptations.to_dicts()]
    return {"runs": _runs(runs), "series": list(series.values()), "adaptations": adaptations}


def _runs(runs: Sequence[RunSummary]) -> list[dict[str, Any]]:
    return [
        {"id": run.id, "execution": run.execution, "dataflow": run.dataflow, "status": run.status}
        for run in runs
    ]
