"""The legend of curves, where it covers none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .canvas import label
from .marks import Key

__all__ = ["add_legend"]

MAX_RUNS = 10
COLUMNS = 2
LINE_INCHES = 0.17


def add_legend(
    axes: Sequence[Any],
    palette: Mapping[Key, Any],
    *,
    ids: Mapping[str, int],
    validation: bool,
    changes: bool,
    is_own: bool,
) -> None:
    """Say which curve is which: below the panels of a figure of ours, else within the axes.

    Args:
        axes: the panels.
        palette: the colour of each training.
        ids: of the runs, by their tags.
        validation: whether there are curves of validation.
        changes: whether changes are marked.
        is_own: whether the figure is ours, so that it may get higher.
    """
    from matplotlib.lines import Line2D

    entries = _runs(palette, ids) if len(palette) <= MAX_RUNS else []
    if validation:
        entries.append(Line2D([], [], color="gray", linestyle="--", label="validation"))
    if changes:
        entries.append(Line2D([], [], color="gray", linestyle=":", label="learning rate changed"))
    if len(palette) > MAX_RUNS:
        order = f"{len(palette)} trainings, from dark (first) to light (last)"
        entries.append(Line2D([], [], linestyle="", label=order))
    if not entries:
        return
    if not is_own:
        axes[0].legend(handles=entries, fontsize="x-small")
        return
    figure = axes[0].figure
    columns = COLUMNS if len(entries) > 1 else 1
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + LINE_INCHES * -(-len(entries) // columns))
    figure.legend(handles=entries, fontsize="x-small", loc="outside lower center", ncols=columns)


def _runs(palette: Mapping[Key, Any], ids: Mapping[str, int]) -> list[Any]:
    """An entry for each training, with the run's id, by which commands take it."""
    from matplotlib.lines import Line2D

    repeated = any(training > 1 for _, training in palette)
    entries = []
    for (run, number), colour in palette.items():
        name = f"{ids[run]}: {run}" if run in ids else run
        which = f", fit {number}" if repeated else ""
        entries.append(Line2D([], [], color=colour, label=f"{label(name)}{which}"))
    return entries
