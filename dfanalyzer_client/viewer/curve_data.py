"""Curves as charts take them: for each training and metric, epochs and values side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from ..analysis import Runs, RunSummary
from ..analysis.by_epoch import curves_with
from ..analysis.by_epoch.epoch_times import epoch_times, seconds_since
from ..analysis.by_epoch.stretches import stretches_of
from ..errors import UnknownTagError
from ..store import Connection

__all__ = ["curve_data", "described", "seconds_of", "spread", "with_drawn_epochs"]

T = TypeVar("T")

MOST_CHANGES = 1_000
"""Of the adaptations; a chart marks fewer, and the tables have them all."""


def curve_data(
    connection: Connection,
    runs: Sequence[RunSummary],
    metrics: Sequence[str] = (),
    *,
    times: bool = False,
    most: int | None = None,
    adaptations: bool = True,
) -> dict[str, Any]:
    """What `drawCurves` of static/curves.js draws.

    ``runs`` are what the curves belong to; ``series`` have the place of their run, the number of
    the training in it, the metric, and as many ``epochs`` as ``values``; ``adaptations`` have the
    place of their run, the epoch from which they hold, what changed, and who changed it;
    ``changes`` is how many adaptations there are, where these are only some; ``times`` have, for
    each training, the seconds since its run began, by epoch. ``stretch`` is of how many epochs, at
    most, a curve has only the lowest and the highest value; 1: of none.

    Args:
        connection: to the database.
        runs: the executions.
        metrics: names; empty: all of them.
        times: whether to read when epochs ended, too.
        most: so many points all curves may have together; None: any number.
        adaptations: whether to read these, which takes long for executions of many dataflows.
    """
    stretches = None if most is None else stretches_of(runs, len(metrics) or _measured(runs), most)
    try:
        found = curves_with(
            connection,
            Runs(list(runs)),
            list(metrics) or None,
            stretches=stretches,
            adaptations=adaptations,
        )
    except UnknownTagError:  # nothing is measured yet
        nothing: dict[str, Any] = {"series": [], "adaptations": [], "times": []}
        return {**nothing, "runs": described(runs), "changes": 0, "stretch": 1}
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
    changes = [{**row, "run": place[row.pop("id")]} for row in found.adaptations.to_dicts()]
    drawn = sorted(series.values(), key=_is_no_loss)
    return {
        "runs": described(runs),
        "series": drawn,
        "adaptations": spread(changes),
        "changes": len(changes),
        "times": with_drawn_epochs(_times(connection, runs), drawn) if times else [],
        "stretch": max(stretches.values()) if stretches else 1,
    }


def spread(changes: Sequence[T], most: int = MOST_CHANGES) -> list[T]:
    """All adaptations; of very many, so many evenly chosen ones, the first and the last among them.

    A schedule may change the learning rate at each of 10,000s of epochs.
    """
    if len(changes) <= most:
        return list(changes)
    step = (len(changes) - 1) / (most - 1)
    return [changes[round(number * step)] for number in range(most)]


def with_drawn_epochs(
    times: list[dict[str, Any]], series: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The times without those of epochs that no curve has a point at."""
    drawn: dict[tuple[int, int], set[int]] = {}
    for each in series:
        drawn.setdefault((each["run"], each["training"]), set()).update(each["epochs"])
    for each in times:
        kept = drawn.get((each["run"], each["training"]), set())
        each["seconds"] = {e: second for e, second in each["seconds"].items() if e in kept}
    return times


def described(runs: Sequence[RunSummary]) -> list[dict[str, Any]]:
    """What charts know of the runs that curves belong to."""
    return [
        {"id": run.id, "execution": run.execution, "dataflow": run.dataflow, "status": run.status}
        for run in runs
    ]


def seconds_of(text: str | None, run: RunSummary) -> float | None:
    """A time stamp as seconds since the run began."""
    return seconds_since(run.began, text)


def _is_no_loss(series: dict[str, Any]) -> bool:
    """The loss is the first chart, as in the list of executions and in comparisons."""
    return str(series["metric"]).removeprefix("val_") != "loss"


def _measured(runs: Sequence[RunSummary]) -> int:
    """How many metrics a run has, at most."""
    return max((len(run.metrics) for run in runs), default=0)


def _times(connection: Connection, runs: Sequence[RunSummary]) -> list[dict[str, Any]]:
    with connection.transaction():
        found = epoch_times(connection, runs)
    return [
        {"run": place, "training": number, "seconds": seconds}
        for place, run in enumerate(runs)
        for number, seconds in found[run.id].items()
    ]
