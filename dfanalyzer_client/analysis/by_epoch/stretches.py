"""How far long curves are thinned out where they are read to be drawn."""

from __future__ import annotations

from collections.abc import Sequence

from ..run_summary import RunSummary

__all__ = ["stretches_of"]

POINTS = 2
"""Of a stretch: its lowest and its highest value."""


def stretches_of(runs: Sequence[RunSummary], metrics: int, most: int) -> dict[int, int] | None:
    """For each run's id, the epochs of a stretch, so that all curves have about `most` points.

    Each curve may have as many points as another one, and those that have fewer keep all. None:
    there are no more points than that, and all of them can be read.

    Args:
        runs: what the curves belong to.
        metrics: how many each run has.
        most: of all curves together.
    """
    if sum(run.epochs for run in runs) * metrics <= most:
        return None
    each = max(POINTS, most // (len(runs) * metrics))
    return {run.id: 1 if run.epochs <= each else -(-POINTS * run.epochs // each) for run in runs}
