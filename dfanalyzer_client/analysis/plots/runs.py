"""Several runs in one picture: their values side by side, or which of them matter."""

from __future__ import annotations

from typing import Any

from .importance import plot_importance
from .parallel import plot_parallel
from .results import Comparable, Drawable

__all__ = ["plot_comparison", "plot_runs"]

KINDS = {"parallel": plot_parallel, "importance": plot_importance}


def plot_runs(runs: Drawable, *, kind: str = "parallel", **options: Any) -> Any:
    """Draw runs.

    Args:
        runs: what is drawn.
        kind: ``"parallel"`` for parallel coordinates, ``"importance"`` for the hyperparameters that
            a metric goes with.
        options: of `plot_parallel` or `plot_importance`.

    Returns:
        The figure.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is no such kind, or these runs cannot be drawn so.
    """
    if kind not in KINDS:
        raise ValueError(f"Unknown kind {kind!r}. Expected one of: {', '.join(KINDS)}.")
    return KINDS[kind](runs, **options)


def plot_comparison(comparison: Comparable, **options: Any) -> Any:
    """Draw the runs of a comparison; takes the options of `plot_runs`."""
    return plot_runs(comparison.runs, **options)
