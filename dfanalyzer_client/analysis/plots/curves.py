"""Metrics by epoch: training and validation in one panel, with the adaptations marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .canvas import colours, finite, integer_ticks, label, new_axes, note
from .legend import add_legend
from .marks import EPOCH_COLUMNS, Key, changes_of, is_number, mark
from .results import Series, WithCurves, WithEpochs

__all__ = ["plot_curves", "plot_run"]

VALIDATION = "val_"
MAX_PANELS = 12
MAX_WIDE = 10
"""The lines of more curves are thin."""

MAX_NAMED = 5
TRAINING = "training"
NO_METRICS = frozenset({*EPOCH_COLUMNS, TRAINING, "elapsed_time"})
"""Columns of a run's epochs that are numbers, and no metrics."""


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
    series = curves.series
    panels = _panels(series, metrics)
    axes = new_axes(ax, min(len(panels), MAX_PANELS))
    keys = list(dict.fromkeys((execution, training) for execution, training, _ in series))
    palette = dict(zip(keys, colours(len(keys)), strict=True))
    changes = list(changes_of(curves.adaptations, keys)) if adaptations else []
    shown = list(panels)[:MAX_PANELS]
    notes = _left_out(curves, panels, shown)
    for place, base in enumerate(shown):
        panel, is_alone = axes[min(place, len(axes) - 1)], len(axes) > 1 or len(panels) == 1
        missing = _draw_panel(panel, panels[base], palette, log=log)
        panel.set(xlabel="epoch", ylabel=label(base if is_alone else ""))
        if missing == len(panels[base]) and is_alone:
            _say_empty(panel, f"no {_needed(log)}")
        elif missing:
            notes.append(f"left out, without a {_needed(log)}: {missing} of {label(base)}")
    for panel in axes:
        mark(panel, changes, palette)
        integer_ticks(panel)
    is_validated = any(m.startswith(VALIDATION) for each in panels.values() for _, _, m in each)
    add_legend(
        axes,
        palette,
        ids=getattr(curves, "ids", {}),
        validation=is_validated,
        changes=bool(changes),
        is_own=ax is None,
    )
    if notes:
        note(axes[-1], "\n".join(notes))
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
            if name not in NO_METRICS and is_number(value):
                series.setdefault((run.execution, training, name), []).append((at, value))
    return plot_curves(_OfRun(series, run), **options)


class _OfRun:
    """The curves of one run."""

    def __init__(self, series: Series, run: WithEpochs) -> None:
        self.series, self.adaptations = series, run.adaptations
        self.ids = {run.execution: run.id} if hasattr(run, "id") else {}


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


def _draw_panel(
    panel: Any, curves: Mapping[Any, Any], palette: Mapping[Key, Any], *, log: bool
) -> int:
    """Draw curves; returns how many of them have nothing that can be drawn."""
    drawn = 0
    for (execution, training, metric), points in curves.items():
        ordered = sorted(points, key=lambda point: point[0])
        values = finite([value for _, value in ordered])
        known = sum(math.isfinite(value) and (value > 0 or not log) for value in values)
        if not known:
            continue
        drawn += 1
        is_validation = metric.startswith(VALIDATION)
        panel.plot(
            [epoch for epoch, _ in ordered],
            values,
            color=palette[execution, training],
            linestyle="--" if is_validation else "-",
            marker="o" if known < 3 else None,
            markerfacecolor="white" if is_validation else None,
            linewidth=1.5 if len(palette) <= MAX_WIDE else 0.8,
        )
    if log and drawn:
        panel.set_yscale("log")
    return len(curves) - drawn


def _needed(log: bool) -> str:
    return "number above 0" if log else "finite number"


def _say_empty(panel: Any, text: str) -> None:
    """Say why a panel has no curve; its ticks would be those of nothing."""
    panel.text(0.5, 0.5, text, transform=panel.transAxes, ha="center", va="center", color="gray")
    panel.tick_params(bottom=False, left=False, labelbottom=False, labelleft=False)


def _left_out(curves: WithCurves, panels: Mapping[str, Any], shown: Sequence[str]) -> list[str]:
    """What is asked for and not drawn, in sentences."""
    notes = []
    drawn = {execution for base in shown for execution, _, _ in panels[base]}
    ids: Mapping[str, int] = getattr(curves, "ids", {})
    missing = [execution for execution in ids if execution not in drawn]
    if missing:
        named = ", ".join(str(ids[each]) for each in missing[:MAX_NAMED])
        more = ", …" if len(missing) > MAX_NAMED else ""
        notes.append(f"left out, without epochs of these metrics: {named}{more}")
    if len(panels) > len(shown):
        notes.append(f"{len(panels) - len(shown)} more metrics: name them with metrics=[…]")
    return notes
