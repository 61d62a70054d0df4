"""Which hyperparameters a metric goes with: rank correlation, which needs no model and no chance.

For numbers it is the absolute value of Spearman's correlation. For texts it is the correlation
ratio of the metric's ranks: 1 if runs with the same text have neighbouring values, 0 if the text
tells nothing. Neither sees what two hyperparameters do only together, nor what causes what.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from .canvas import label, new_axes, note
from .parallel import chosen_metric, without
from .results import Drawable, Summary

__all__ = ["importance", "plot_importance"]

MIN_RUNS = 8
MAX_BARS = 20


def plot_importance(runs: Drawable, *, ax: Any = None, metric: str | None = None) -> Any:
    """Draw how strongly a metric's rank goes with each hyperparameter's.

    Args:
        runs: the runs; 8 or more that have the metric.
        ax: the axes to draw into; by default a new figure.
        metric: by default ``val_loss`` or ``loss``, else one that the runs have.

    Returns:
        The figure.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there are too few runs, or no hyperparameter differs.
    """
    summaries = list(runs.summaries)
    metric = chosen_metric(summaries, metric)
    found = importance(runs, metric)
    shown = found[:MAX_BARS][::-1]
    (panel,) = new_axes(ax, height=1.2 + 0.28 * len(shown))
    panel.barh([label(name) for name, _ in shown], [strength for _, strength in shown])
    panel.set_xlim(0, 1)
    panel.set_xlabel(f"rank correlation with {label(metric)}")
    notes = without(metric, summaries, _with(metric, summaries))
    if len(found) > len(shown):
        notes.append(f"{len(found) - len(shown)} weaker ones are left out")
    if notes:
        note(panel, "\n".join(notes))
    return panel.figure


def importance(runs: Drawable, metric: str) -> list[tuple[str, float]]:
    """Each hyperparameter that differs, and its rank correlation with a metric; strongest first.

    A text that differs in more than half of the runs tells nothing, and is left out.

    Raises:
        ValueError: there are too few runs, or no hyperparameter differs.
    """
    drawn = _with(metric, runs.summaries)
    if len(drawn) < MIN_RUNS:
        raise ValueError(
            f"Importance needs {MIN_RUNS} runs with a value of {metric}; of fewer it would be "
            f"chance. Received: {len(drawn)}."
        )
    ranks = _ranks([each.metrics[metric] for each in drawn])
    names = dict.fromkeys(name for each in drawn for name in each.hyperparameters)
    found = []
    for name in names:
        values = [each.hyperparameters.get(name) for each in drawn]
        strength = _strength(values, ranks)
        if strength is not None:
            found.append((name, strength))
    if not found:
        raise ValueError("No hyperparameter differs between these runs.")
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _with(metric: str, summaries: Iterable[Summary]) -> list[Summary]:
    """The runs whose last value of the metric is a number."""
    return [each for each in summaries if _is_number(each.metrics.get(metric))]


def _strength(values: Sequence[Any], ranks: Sequence[float]) -> float | None:
    if all(map(_is_number, values)):
        if len(set(values)) < 2:
            return None
        return abs(_correlation(_ranks(values), ranks))
    groups: dict[str, list[float]] = {}
    for value, rank in zip(values, ranks, strict=True):
        groups.setdefault(repr(value), []).append(rank)
    if not 2 <= len(groups) <= len(values) // 2:
        return None
    mean = sum(ranks) / len(ranks)
    total = sum((rank - mean) ** 2 for rank in ranks)
    between = sum(len(g) * (sum(g) / len(g) - mean) ** 2 for g in groups.values())
    return math.sqrt(between / total) if total else 0.0


def _ranks(values: Sequence[Any]) -> list[float]:
    """The place of each value in their order; equal values share the mean of theirs."""
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(place)
    return [sum(places[value]) / len(places[value]) for value in values]


def _correlation(first: Sequence[float], second: Sequence[float]) -> float:
    means = sum(first) / len(first), sum(second) / len(second)
    both = sum((a - means[0]) * (b - means[1]) for a, b in zip(first, second, strict=True))
    sizes = (
        sum((v - m) ** 2 for v in values) for values, m in zip((first, second), means, strict=True)
    )
    size = math.sqrt(math.prod(sizes))
    return both / size if size else 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
