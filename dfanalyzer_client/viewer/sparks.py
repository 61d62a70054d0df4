"""Small pictures of how the loss went, for rows of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..analysis import RunSummary
from ..analysis.by_epoch.sampled_curves import sampled_curves
from ..store import Connection

__all__ = ["HEIGHT", "WIDTH", "Spark", "Sparks"]

METRIC = "loss"
WIDTH, HEIGHT = 100, 24
MAX_KEPT = 5000


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


class Sparks:
    """Small curves by execution: those that were read once are kept until an epoch is added."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, Spark | None]] = {}

    def of(self, connection: Connection, runs: Sequence[RunSummary]) -> dict[int, Spark]:
        """The loss of each run that has one, by the runs' ids."""
        new = [run for run in runs if self._known.get(run.id, (-1, None))[0] != run.epochs]
        trained = [run for run in new if run.epochs > 1]
        found = sampled_curves(connection, trained, METRIC) if trained else {}
        if len(self._known) > MAX_KEPT:
            self._known.clear()
        for run in new:
            self._known[run.id] = run.epochs, _spark(found.get(run.id, ()))
        sparks = {run.id: self._known[run.id][1] for run in runs if run.id in self._known}
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
