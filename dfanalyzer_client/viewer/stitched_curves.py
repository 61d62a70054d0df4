"""Curves of a chain of continued trainings, one behind the other: the epochs count on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..analysis import RunSummary
from ..analysis.finding import summaries_with_ids
from ..keras_schema.names import TEST_METRIC_PREFIX
from ..lineage.chain import Link, chain_with
from ..store import Connection
from .curve_data import curve_data

__all__ = ["stitched_curves"]

MOST_VALUES = 500_000
"""Of more, only the first metrics are read: a browser would take too long."""


def stitched_curves(connection: Connection, df_exec: int) -> dict[str, Any]:
    """As `curve_data`, of the chain that an execution is in; ``chain`` says who joins whom.

    The epochs are those that the model has been trained for, from 0. Epochs after the one whose
    model was continued are left out: the next execution's model has not seen them.
    """
    links = chain_with(connection, df_exec)
    runs = summaries_with_ids(connection, [link.df_exec for link in links], ends=False)
    trained = {each.id: each for each in runs if each.epochs}
    known = [link for link in links if link.df_exec in trained]
    summaries = [trained[link.df_exec] for link in known]
    shown, left_out = _metrics(summaries)
    data = _stitched(curve_data(connection, summaries, shown), known)
    return {**data, "left_out": left_out}


def _metrics(runs: Sequence[RunSummary]) -> tuple[list[str], int]:
    """The metrics that are drawn, or none for all of them; and how many are left out."""
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    measured = [name for name in names if not name.startswith(TEST_METRIC_PREFIX)]
    epochs = sum(run.epochs for run in runs)
    if epochs * len(measured) <= MOST_VALUES:
        return [], 0
    shown = measured[: max(2, MOST_VALUES // epochs)]
    return shown, len(measured) - len(shown)


def _stitched(data: dict[str, Any], links: Sequence[Link]) -> dict[str, Any]:
    """The data with epochs that count on, and a line for each run and metric."""
    series: dict[tuple[int, str], dict[str, Any]] = {}
    adaptations: list[dict[str, Any]] = []
    chain, done = [], 0
    for run, link in enumerate(links):
        of_run = [each for each in data["series"] if each["run"] == run]
        changes = [each for each in data["adaptations"] if each["run"] == run]
        begin = done
        for training, end in _trainings(of_run, link):
            lines = [each for each in of_run if each["training"] == training]
            shift = done - min(each["epochs"][0] for each in lines)
            for line in lines:
                _add(series, line, shift, end)
            own = [each for each in changes if each["training"] in (None, training)]
            adaptations += [
                {**each, "epoch": each["epoch"] + shift, "training": 1}
                for each in own
                if each["epoch"] <= end
            ]
            changes = [each for each in changes if each not in own]
            done = max(done, end + shift + 1)
        chain.append({"run": run, "from": begin, "to": done - 1, "file": link.file})
    return {**data, "series": list(series.values()), "adaptations": adaptations, "chain": chain}


def _trainings(lines: Sequence[dict[str, Any]], link: Link) -> Iterator[tuple[int, int]]:
    """The trainings that the next execution's model went through, each with its last epoch."""
    numbers = sorted({each["training"] for each in lines})
    for training in numbers:
        if link.training is not None and training > link.training:
            return
        is_last = training == (link.training or numbers[-1])
        last = max(int(each["epochs"][-1]) for each in lines if each["training"] == training)
        yield training, last if link.epoch is None or not is_last else link.epoch


def _add(
    series: dict[tuple[int, str], dict[str, Any]], line: dict[str, Any], shift: int, end: int
) -> None:
    """Add a line up to an epoch behind those of the same run's earlier trainings."""
    kept = sum(epoch <= end for epoch in line["epochs"])
    empty = {**line, "training": 1, "epochs": [], "values": []}
    one = series.setdefault((line["run"], line["metric"]), empty)
    one["epochs"] += [epoch + shift for epoch in line["epochs"][:kept]]
    one["values"] += line["values"][:kept]
