"""An epoch of a run that is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Epoch"]


@dataclass(frozen=True)
class Epoch:
    """An epoch, as it is stored.

    Attributes:
        training: the number of its training within the run, from 1.
        epoch: its number, from 0.
        metrics: what Keras measured, under the metrics' own names.
        ended: when it ended, as recorded.
        seconds: how long it took.
    """

    training: int
    epoch: int
    metrics: Mapping[str, float]
    ended: str | None = None
    seconds: float | None = None
