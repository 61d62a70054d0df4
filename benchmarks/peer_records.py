"""What each tool recorded of the training that was measured, as one table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .arm import UNKNOWN
from .markdown import table

__all__ = ["NOTES", "record_lines"]

COLUMNS = (
    "Tool",
    "Version",
    "Hyperparameters",
    "Metrics",
    "Rates",
    "Layers",
    "Packages",
    "Python, machine",
    "Commit",
    "Data",
    "Final state",
    "Model file",
    "PROV",
    "SQL",
    "KB on disk",
)
NOTES = (
    "Read back from each tool's store after its last training; – is nothing. *Hyperparameters* "
    "counts values, * those that the script hands over. *Metrics* counts those with a value for "
    "every epoch. *Rates* and *SQL* count epochs: those with a learning rate, and those whose loss "
    "a SELECT reads. *Model file* is whether the file that the script saved leads to the run, or a "
    "copy of the tool's own is kept. *PROV* counts the records of a W3C PROV document. *KB on "
    "disk* is what a training adds to the store and to its own folder (median)."
)
NOTHING = "–"


def record_lines(result: Mapping[str, Any]) -> list[str]:
    """Lines of the table: a row for every tool, also for those that could not be measured."""
    rows = [_cells(arm, result["configuration"]["epochs"]) for arm in result["arms"]]
    empty = [""] * (len(COLUMNS) - 3)
    rows += [[tool["title"], tool["version"], tool["why"], *empty] for tool in result["missing"]]
    return table(COLUMNS, rows, numbers="llrrrrrlllllrrr")


def _cells(arm: Mapping[str, Any], epochs: int) -> list[str]:
    records = arm["records"]
    known = [name for name, key in (("Python", "python"), ("machine", "machine")) if records[key]]
    mark = "*" if arm["handed_over"] else ""
    return [
        arm["title"],
        arm["version"],
        _number(records["hyperparameters"], mark),
        _number(records["metrics"]),
        _number(records["rates"], f" of {epochs}"),
        *(_number(records[name]) for name in ("layers", "packages")),
        ", ".join(known) or NOTHING,
        *("yes" if records[name] else NOTHING for name in ("commit", "data")),
        NOTHING if arm["state"] == UNKNOWN else arm["state"],
        {"file": "yes", "copy": "own copy"}.get(records["model_file"], NOTHING),
        _number(records["prov"]),
        _number(records["sql"], f" of {epochs}"),
        f"{arm['bytes'] / 1000:,.0f}",
    ]


def _number(count: int, unit: str = "") -> str:
    return f"{count}{unit}" if count else NOTHING
