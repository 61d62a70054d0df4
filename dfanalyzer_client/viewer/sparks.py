"""Small pictures of how the loss went, for rows of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..analysis import RunSummary
from ..analysis.by_epoch.sampled_curves import sampled_curves
from ..store import Connection

__all__ = ["HEIGHT", "WIDTH", "Spark", "sparks_of"]

METRIC = "loss"
WIDTH, HEIGHT = 100, 24


@dataclass(frozen=True)
class Spark:
    """A small curve.

    Attributes:
        points: of an SVG polyline in a box of `WIDTH` and `HEIGHT`.
        first: the first value.
        last: the last value.
    """

    points: str
    first: float
    last: float


def sparks_of(connection: Connection, runs: Sequence[RunSummary]) -> dict[int, Spark]:
    """The loss of each run that has one, by the runs' ids."""
    trained = [run for run in runs if run.epochs > 1]
    found = sampled_curves(connection, trained, METRIC) if trained else {}
    sparks = {id_: _spark(values) for id_, values in found.items()}
    return {id_: spark for id_, spark in sparks.items() if spark is not None}


def _spark(values: Sequence[float | None]) -> Spark | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    points = " ".join(
        f"{place * WIDTH / (len(known) - 1):.1f},{HEIGHT - (value - low) / span * HEIGHT:.1f}"
        for place, value in enumerate(known)
    )
    return Spark(points, known[0], known[-1])
