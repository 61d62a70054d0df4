"""What capture adds to epochs of several lengths, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .effects import Cell, from_json
from .markdown import table
from .paired import Comparison
from .verdicts import EPOCH_TARGETS, FIT_TARGET, Verdict

__all__ = ["lines", "missing", "short"]

COLUMNS = (
    "Backend",
    "Rate",
    "Metrics",
    "A plain epoch, ms",
    "Fits of each arm",
    "Aim, µs",
    "Our code, µs per epoch",
    "",
    "CPU added to the thread, µs per epoch",
    "",
    "CPU of all threads, µs per epoch",
    "fit()",
    f"Aim: {FIT_TARGET:.0%}",
    "Once in a fit(), ms of CPU",
)
SHORT = (
    "Backend, rate, metrics",
    "a plain epoch, ms",
    "our code, µs per epoch",
    "CPU added to the thread, µs per epoch",
    "aim, µs",
    "fit() longer by",
    f"aim {FIT_TARGET:.0%}",
)


def lines(result: Mapping[str, Any]) -> list[str]:
    """Lines of a table with a row for each kind of training, and of what is missing."""
    cells = [from_json(content) for content in result["cells"]]
    rows = [_cells(cell) for cell in cells]
    found = table(COLUMNS, rows, numbers="llrrrrrlrlrrlr")
    gaps = [f"- {gap}" for cell in cells for gap in missing(cell)]
    return [*found, "", "What no interval shows yet:", "", *gaps] if gaps else found


def short(result: Mapping[str, Any]) -> list[str]:
    """Lines of a table of what targets are for."""
    rows = []
    for content in result["cells"]:
        cell = from_json(content)
        captured, words = cell.effects["captured"], cell.verdicts
        rows.append(
            [
                _name(cell),
                f"{cell.plain_epoch * 1e3:.2f}",
                _interval(cell.inside, 1e6, ",.0f"),
                _interval(captured["epoch_thread"].added, 1e6, "+,.0f"),
                f"{EPOCH_TARGETS[cell.rate] * 1e6:.0f}: {words['epoch_thread'].word}",
                _share(captured["whole"].share),
                _word(words.get("whole")),
            ]
        )
    return table(SHORT, rows, numbers="lrrrlrl")


def missing(cell: Cell) -> list[str]:
    """What would decide the verdicts that are open."""
    titles = {
        "inside": "our code",
        "epoch_thread": "CPU of the thread",
        "whole": "fit()",
        "epoch": "an epoch by the clock",
    }
    return [
        f"{_name(cell)}, {cell.plain_epoch * 1e3:.2f} ms, {titles[name]}: {found.why}"
        for name, found in cell.verdicts.items()
        if found.word == "open"
    ]


def _name(cell: Cell) -> str:
    where = "" if cell.is_stored else ", journal alone"
    return f"{cell.backend}, {cell.rate}, {cell.metrics}{where}"


def _cells(cell: Cell) -> list[str]:
    captured = cell.effects["captured"]
    return [
        cell.backend if cell.is_stored else f"{cell.backend}, journal alone",
        cell.rate,
        str(cell.metrics),
        f"{cell.plain_epoch * 1e3:.2f}",
        f"{cell.fits} of {cell.epochs} epochs",
        f"{EPOCH_TARGETS[cell.rate] * 1e6:.0f}",
        _interval(cell.inside, 1e6, ",.0f"),
        _word(cell.verdicts["inside"]),
        _interval(captured["epoch_thread"].added, 1e6, "+,.0f"),
        _word(cell.verdicts["epoch_thread"]),
        _interval(captured["epoch_process"].added, 1e6, "+,.0f"),
        _share(captured["whole"].share),
        _word(cell.verdicts.get("whole")),
        _interval(captured["once"].added, 1e3, "+.1f"),
    ]


def _interval(found: Comparison, factor: float, form: str) -> str:
    low, median, high = (format(v * factor, form) for v in (found.low, found.median, found.high))
    return f"{median} ({low} … {high})"


def _share(found: Comparison | None) -> str:
    return "" if found is None else _interval(found, 1, "+.2%")


def _word(found: Verdict | None) -> str:
    """The verdict, or that there is no target: a `fit()` of short epochs has none."""
    return "no aim" if found is None else found.word
