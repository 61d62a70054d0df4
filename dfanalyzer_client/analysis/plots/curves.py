"""Metrics by epoch: training and validation in one panel, with the adaptations marked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .canvas import colours, finite, label, new_axes, note
from .results import Series, WithCurves, WithEpochs

__all__ = ["plot_curves", "plot_run"]

VALIDATION = "val_"
MAX_PANELS = 12
MAX_IN_LEGEND = 10
MAX_MARKS_WITH_TEXT = 6

EPOCH_COLUMNS = ("epoch", "epoch_id")
TRAINING = "training"
NO_METRICS = frozenset({*EPOCH_COLUMNS, TRAINING, "elapsed_time"})
"""Columns of a run's epochs that are numbers, and no metrics."""

OLD, NEW = ("before", "old_lrate"), ("value", "new_lrate")

Key = tuple[str, int]
"""A curve's run and training."""


def plot_curves(
    curves: WithCurves,
    *,
    ax: Any = None,
    metrics: Sequence[str] | None = None,
    log: bool = False,
    adaptations: bool = True,
) -> Any:
    """Draw curves: a panel for each metric, the validation's dashed in the same panel.

    Args:
        curves: what is drawn.
        ax: axes to draw all of it into; by default a new figure.
        metrics: only these, with their ``val_``; by default all, but not more than 12 panels.
        log: whether the values' axis is logarithmic.
        adaptations: whether changes of the learning rate are marked.

    Returns:
        The figure.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is no curve, or no such metric.
    """
    panels = _panels(curves.series, metrics)
    axes = new_axes(ax, min(len(panels), MAX_PANELS))
    keys = list(dict.fromkeys((execution, training) for execution, training, _ in curves.series))
    palette = dict(zip(keys, colours(len(keys)), strict=True))
    changes = list(_changes(curves.adaptations, keys)) if adaptations else []
    for place, base in enumerate(list(panels)[:MAX_PANELS]):
        panel = axes[min(place, len(axes) - 1)]
        _draw_panel(panel, panels[base], palette)
        panel.set(xlabel="epoch", ylabel=label(base if len(axes) > 1 or len(panels) == 1 else ""))
        if log:
            panel.set_yscale("log")
    for panel in axes:
        _mark(panel, changes, palette)
        panel.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    _add_legend(axes[0], palette, panels)
    if len(panels) > MAX_PANELS:
        note(axes[-1], f"{len(panels) - MAX_PANELS} more metrics: name them with metrics=[…]")
    return axes[0].figure


def plot_run(run: WithEpochs, **options: Any) -> Any:
    """Draw all metrics of a run by epoch; takes the options of `plot_curves`."""
    table = run.metrics
    columns = list(table.columns)
    epoch = next((columns.index(name) for name in EPOCH_COLUMNS if name in columns), None)
    number = columns.index(TRAINING) if TRAINING in columns else None
    series: dict[tuple[str, int, str], list[tuple[int, float | None]]] = {}
    for place, row in enumerate(table.rows):
        at = place if epoch is None or row[epoch] is None else int(row[epoch])
        training = 1 if number is None else int(row[number] or 1)
        for name, value in zip(columns, row, strict=True):
            if name not in NO_METRICS and _is_number(value):
                series.setdefault((run.execution, training, name), []).append((at, value))
    return plot_curves(_OfRun(series, run.adaptations), **options)


class _OfRun:
    """The curves of one run."""

    def __init__(self, series: Series, adaptations: Any) -> None:
        self.series, self.adaptations = series, adaptations


def _panels(series: Series, metrics: Sequence[str] | None) -> dict[str, dict[Any, Any]]:
    """The curves of each panel, by the name of the training's metric."""
    panels: dict[str, dict[Any, Any]] = {}
    for (execution, training, metric), points in series.items():
        base = metric.removeprefix(VALIDATION)
        if metrics is None or metric in metrics or base in metrics:
            panels.setdefault(base, {})[execution, training, metric] = points
    if panels:
        return panels
    known = sorted({metric for _, _, metric in series})
    if not known:
        raise ValueError("There is no curve to draw: no epoch is stored.")
    raise ValueError(f"No curve of {', '.join(metrics or ())}. Expected one of: {known}.")


def _draw_panel(panel: Any, curves: Mapping[Any, Any], palette: Mapping[Key, Any]) -> None:
    for (execution, training, metric), points in curves.items():
        ordered = sorted(points, key=lambda point: point[0])
        values = finite([value for _, value in ordered])
        known = sum(map(math.isfinite, values))
        panel.plot(
            [epoch for epoch, _ in ordered],
            values,
            color=palette[execution, training],
            linestyle="--" if metric.startswith(VALIDATION) else "-",
            marker="o" if known < 3 else None,
            linewidth=1.5 if len(palette) <= MAX_IN_LEGEND else 0.8,
        )


def _add_legend(panel: Any, palette: Mapping[Key, Any], panels: Mapping[str, Any]) -> None:
    from matplotlib.lines import Line2D

    entries = []
    repeated = any(training > 1 for _, training in palette)
    if len(palette) <= MAX_IN_LEGEND:
        entries += [
            Line2D([], [], color=colour, label=label(f"{run}, fit {n}" if repeated else run))
            for (run, n), colour in palette.items()
        ]
    else:
        note(panel, f"{len(palette)} trainings, from dark (first) to light (last)")
    if any(metric.startswith(VALIDATION) for each in panels.values() for _, _, metric in each):
        entries.append(Line2D([], [], color="gray", linestyle="--", label="validation"))
    if entries:
        panel.legend(handles=entries, fontsize="x-small")


def _changes(table: Any, keys: Sequence[Key]) -> Iterable[tuple[Key | None, float, str]]:
    """The changes of drawn runs: of which training, in which epoch, and from what to what."""
    columns = list(getattr(table, "columns", ()))
    if not columns:
        return
    places = {name: place for place, name in enumerate(columns)}

    def value(row: Any, *names: str) -> Any:
        return next((row[places[name]] for name in names if name in places), None)

    for row in table.rows:
        epoch = value(row, *EPOCH_COLUMNS)
        execution = value(row, "execution")
        key = next((key for key in keys if execution in (None, key[0])), None)
        if epoch is None or key is None:
            continue
        old, new = value(row, *OLD), value(row, *NEW)
        changed = _is_number(old) and _is_number(new) and old != new
        text = f"{old:.3g} → {new:.3g}" if changed else str(value(row, "cause") or "")
        yield key, float(epoch), text


def _mark(panel: Any, changes: Sequence[Any], palette: Mapping[Key, Any]) -> None:
    for key, epoch, text in changes:
        panel.axvline(epoch, color=palette[key], linestyle=":", linewidth=0.9, alpha=0.7)
        if len(changes) <= MAX_MARKS_WITH_TEXT:
            panel.annotate(
                label(text),
                (epoch, 1),
                (2, -3),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                rotation=90,
                va="top",
                fontsize="xx-small",
                color="gray",
            )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
