"""The peers' figures as one table in Markdown, and as one plot."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .markdown import table

__all__ = ["lines", "plot", "short"]

COLUMNS = (
    "Tool",
    "on the training thread, µs per epoch",
    "whole, ms per epoch",
    "CPU, ms per epoch",
    "start-up, s",
    "end, s",
    "after kill -9",
    "its state then",
)
SHORT = (
    "Tool",
    "on the training thread, µs per epoch",
    "added to start-up, s",
    "to the end, s",
    "there after kill -9",
)
PARTS = (
    ("epoch", 1e3, "an epoch, ms"),
    ("start", 1.0, "start-up, s"),
    ("end", 1.0, "end of the run, s"),
)
BOUNDS = ("low", "median", "high")


def lines(result: Mapping[str, Any]) -> list[str]:
    """Lines of the table: a row for every tool, also for those that could not be measured."""
    rows = [_cells(arm) for arm in result["arms"]]
    rows += [[tool["title"], tool["why"], *[""] * 6] for tool in result["missing"]]
    return table(COLUMNS, rows, numbers="lrrrrr")


def short(result: Mapping[str, Any]) -> list[str]:
    """Lines of a table of medians, only of tools that were measured."""
    rows = [
        [
            arm["title"],
            f"{arm['inside']['median'] * 1e6:,.0f}",
            *(f"{arm['added'][part]['median']:+.2f}" for part in ("start", "end")),
            f"{arm['killed']['found']} of {arm['killed']['ended']} epochs",
        ]
        for arm in result["arms"]
    ]
    return table(SHORT, rows, numbers="lrrr")


def plot(result: Mapping[str, Any], path: Path) -> None:
    """Plot what the tools add, with intervals, and their time on the training thread."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("No plot: pip install 'keras-prov[bench]'", file=sys.stderr)
        return
    arms = result["arms"]
    figure = Figure(figsize=(12, 1.5 + 0.4 * len(arms)), layout="constrained")
    first, *others = figure.subplots(1, 1 + len(PARTS), sharey=True)
    first.barh(range(len(arms)), [arm["inside"]["median"] * 1e6 for arm in arms])
    first.set_xscale("log")
    first.set_xlabel("on the training thread,\nµs per epoch")
    first.set_yticks(range(len(arms)), [arm["title"] for arm in arms])
    first.invert_yaxis()
    for axes, (name, factor, title) in zip(others, PARTS, strict=True):
        for place, arm in enumerate(arms):
            low, middle, high = (arm["added"][name][key] * factor for key in BOUNDS)
            axes.errorbar(
                middle,
                place,
                xerr=[[middle - low], [high - middle]],
                fmt="o",
                capsize=3,
                color="C0",
            )
        axes.axvline(0, color="grey", linewidth=1)
        axes.set_xlabel(f"added to {title}\n(median and 95 % interval)")
    figure.savefig(path, dpi=120)


def _cells(arm: Mapping[str, Any]) -> list[str]:
    added, killed = arm["added"], arm["killed"]
    return [
        arm["title"],
        f"{arm['inside']['median'] * 1e6:,.0f}",
        _added(added["epoch"], 1e3, 1),
        _added(added["epoch_cpu"], 1e3, 1),
        _added(added["start"], 1, 2),
        _added(added["end"], 1, 2),
        f"{killed['found']} of {killed['ended']} epochs",
        killed["state"],
    ]


def _added(part: Mapping[str, float], factor: float, digits: int) -> str:
    low, middle, high = (f"{part[name] * factor:+.{digits}f}" for name in BOUNDS)
    return f"{middle} ({low} … {high})"
