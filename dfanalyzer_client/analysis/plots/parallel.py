"""Runs as parallel coordinates: an axis for each value that differs, a line for each run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from .canvas import label, new_axes, note
from .results import Drawable, Summary

__all__ = ["chosen_metric", "plot_parallel", "without"]

MAX_AXES = 12
MAX_TICKS = 12
MAX_TEXT = 40
"""Longer ones, such as an optimizer's whole configuration, have an axis only if named."""

METRICS = ("val_loss", "loss")


def plot_parallel(
    runs: Drawable,
    *,
    ax: Any = None,
    names: Sequence[str] | None = None,
    metric: str | None = None,
) -> Any:
    """Draw runs as lines through their hyperparameters, and through a metric at the end.

    Args:
        runs: what is drawn.
        ax: the axes to draw into; by default a new figure.
        names: hyperparameters; by default those with short values that differ, at most 11.
        metric: the metric that gives the lines their colours; by default ``val_loss`` or ``loss``,
            else the first that all runs have.

    Returns:
        The figure.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there are no two runs with a metric, or a name is unknown.
    """
    summaries = list(runs.summaries)
    metric = chosen_metric(summaries, metric)
    drawn = [each for each in summaries if _is_finite(each.metrics.get(metric))]
    if len(drawn) < 2:
        raise ValueError(f"Two runs with a value of {metric} are needed. Received: {len(drawn)}.")
    known = list(dict.fromkeys(name for each in drawn for name in each.hyperparameters))
    chosen = list(names) if names is not None else [n for n in known if _differs(drawn, n)]
    if unknown := [name for name in chosen if name not in known]:
        raise ValueError(f"No hyperparameter {unknown[0]!r}. Expected one of: {known}.")
    shown = chosen[: MAX_AXES - 1]
    columns = [[each.hyperparameters.get(name) for each in drawn] for name in shown]
    columns.append([each.metrics[metric] for each in drawn])
    (panel,) = new_axes(ax, height=4)
    _draw(panel, [*shown, metric], columns)
    notes = without(metric, summaries, drawn)
    if len(chosen) > len(shown):
        more = f"{len(chosen) - len(shown)} more hyperparameters: name them with names=[…]"
        notes.append(more)
    if notes:
        note(panel, "\n".join(notes))
    return panel.figure


def without(metric: str, runs: Sequence[Summary], drawn: Sequence[Summary]) -> list[str]:
    """A sentence about the runs that have no number of a metric, if there are any."""
    if len(drawn) == len(runs):
        return []
    missing = len(runs) - len(drawn)
    return [f"left out, as their last {label(metric)} is no number: {missing} of {len(runs)} runs"]


def chosen_metric(summaries: Sequence[Summary], metric: str | None) -> str:
    """The metric that was asked for, or the one that tells most; ValueError if there is none."""
    counts: dict[str, int] = {}
    for each in summaries:
        for name, value in each.metrics.items():
            counts[name] = counts.get(name, 0) + _is_finite(value)
    known = [name for name, count in counts.items() if count]
    if metric is not None:
        if metric not in known:
            raise ValueError(f"No run has a value of {metric!r}. Expected one of: {known}.")
        return metric
    if not known:
        raise ValueError(
            "There is nothing to draw: no run has a metric whose last value is a number."
        )
    return next((name for name in METRICS if name in known), max(known, key=lambda n: counts[n]))


def _draw(panel: Any, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
    import matplotlib

    scaled = [_scaled(column) for column in columns]
    scale = matplotlib.colormaps["viridis"]
    order = sorted(range(len(columns[-1])), key=lambda run: -scaled[-1].heights[run])
    for run in order:  # the lowest is drawn last, above the others
        panel.plot(
            range(len(names)),
            [column.heights[run] for column in scaled],
            color=scale(scaled[-1].heights[run]),
            linewidth=1.6 if len(order) <= 20 else 0.8,
            marker="o" if len(names) == 1 or len(order) <= 20 else None,
            markersize=3,
        )
    for place, column in enumerate(scaled):
        panel.axvline(place, color="gray", linewidth=0.8)
        for height, text in column.ticks:
            panel.annotate(
                label(text, 16),
                (place, height),
                (3, 0),
                textcoords="offset points",
                fontsize="xx-small",
                va="center",
                color="black",
                bbox={"facecolor": "white", "alpha": 0.6, "pad": 0.5, "linewidth": 0},
            )
    slanted = len(names) > 4
    panel.set_xticks(
        range(len(names)),
        [label(name, 24) for name in names],
        fontsize="small",
        rotation=25 if slanted else 0,
        ha="right" if slanted else "center",
    )
    panel.set_yticks([])
    panel.set_xlim(-0.2, len(names) - 0.5)
    panel.set_ylim(-0.06, 1.06)
    for spine in panel.spines.values():
        spine.set_visible(False)


class _Axis:
    """A column as heights from 0 to 1, and the texts beside its axis."""

    def __init__(self, heights: list[float], ticks: list[tuple[float, str]]) -> None:
        self.heights, self.ticks = heights, ticks


def _scaled(column: Sequence[Any]) -> _Axis:
    """Numbers by size, logarithmic over more than two powers of ten; other values by name."""
    numbers = [value for value in column if _is_finite(value)]
    if len(numbers) < len(column):
        return _named(column)
    low, high = min(numbers), max(numbers)
    is_log = low > 0 and high / low > 100
    measure = math.log10 if is_log else float
    bottom, span = measure(low), (measure(high) - measure(low)) or 1.0
    heights = [(measure(value) - bottom) / span if high > low else 0.5 for value in column]
    levels = sorted(set(zip(heights, numbers, strict=True)))
    if len(levels) > MAX_TICKS:
        levels = [levels[0], levels[len(levels) // 2], levels[-1]]
    return _Axis(heights, [(height, f"{value:.4g}") for height, value in levels])


def _named(column: Sequence[Any]) -> _Axis:
    texts = ["none" if value is None else str(value) for value in column]
    names = sorted(set(texts))
    places = {name: n / (len(names) - 1) if len(names) > 1 else 0.5 for n, name in enumerate(names)}
    ticks = [(places[name], name) for name in names]
    if len(ticks) > MAX_TICKS:
        ticks = [ticks[0], ticks[-1]]
    return _Axis([places[text] for text in texts], ticks)


def _differs(runs: Iterable[Summary], name: str) -> bool:
    values = {repr(each.hyperparameters.get(name)) for each in runs}
    return len(values) > 1 and max(map(len, values)) <= MAX_TEXT


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
