"""The table of a comparison: a row for each value, a column for each execution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...analysis import Comparison, RunSummary
from ...errors import UnknownTagError
from ...keras_schema.names import TEST_METRIC_PREFIX
from ...support.name_lists import listed

__all__ = ["Cell", "Row", "Section", "SideBySide", "change", "side_by_side"]

MOST_ROWS = 40
"""Of a section, unless all are asked for."""

SECTIONS = {
    "hyperparameters": "Hyperparameters",
    "metrics": "Last values of metrics",
    "lowest": "Lowest values of metrics",
    "highest": "Highest values of metrics",
    "tags": "Tags",
    "": "Executions",
}
FIELDS = ("dataflow", "status", "epochs", "began", "seconds", "note")


@dataclass(frozen=True)
class Cell:
    """A value of an execution, and by how much it is above or below the baseline's."""

    value: Any
    change: float | None


@dataclass(frozen=True)
class Row:
    """A value of all executions: its name, and whether it differs."""

    name: str
    cells: Sequence[Cell]
    differs: bool


@dataclass(frozen=True)
class Section:
    """Rows of one kind: those that differ come first.

    Attributes:
        title: what they are.
        rows: those that are shown.
        left_out: how many more there are.
        same: how many others do not differ.
    """

    title: str
    rows: Sequence[Row]
    left_out: int
    same: int


@dataclass(frozen=True)
class SideBySide:
    """The table.

    Attributes:
        runs: the executions, the baseline first.
        sections: with rows for each kind of values.
    """

    runs: Sequence[RunSummary]
    sections: Sequence[Section]

    @property
    def same(self) -> int:
        """How many rows do not differ."""
        return sum(section.same for section in self.sections)


def side_by_side(
    compared: Comparison, baseline: str, *, same: bool = False, whole: bool = False
) -> SideBySide:
    """The table of a comparison.

    Args:
        compared: the executions.
        baseline: tag or id of the execution that others are measured against; empty: the first.
        same: whether to have what is the same, too.
        whole: whether to have all rows.

    Raises:
        UnknownTagError: the baseline is not among the executions.
    """
    runs = list(compared.runs)
    first = _baseline(runs, baseline)
    runs = [first, *(run for run in runs if run.id != first.id)]
    sections = []
    for group, title in SECTIONS.items():
        rows = sorted(_rows(runs, group), key=lambda row: not row.differs)
        shown = rows if same else [row for row in rows if row.differs]
        most = len(shown) if whole else MOST_ROWS
        alike = sum(not row.differs for row in rows)
        sections.append(Section(title, shown[:most], max(0, len(shown) - most), alike))
    return SideBySide(runs, [section for section in sections if section.rows or section.same])


def change(value: Any, baseline: Any) -> float | None:
    """By how much a number is above another one; None if one is none."""
    if not (_is_number(value) and _is_number(baseline)) or value == baseline:
        return None
    return float(value) - float(baseline)


def _baseline(runs: Sequence[RunSummary], name: str) -> RunSummary:
    if not name:
        return runs[0]
    for run in runs:
        if name in (run.execution, str(run.id)):
            return run
    raise UnknownTagError(
        f"The baseline {name!r} is not among the executions that are compared. Expected one of "
        f"them: {listed(run.execution for run in runs)}."
    )


def _rows(runs: Sequence[RunSummary], group: str) -> list[Row]:
    if not group:
        return [_row(name, [getattr(run, name) for run in runs]) for name in FIELDS]
    found = dict.fromkeys(name for run in runs for name in getattr(run, group))
    names = sorted(found, key=lambda name: name.startswith(TEST_METRIC_PREFIX))
    return [_row(name, [getattr(run, group).get(name) for run in runs]) for name in names]


def _row(name: str, values: Sequence[Any]) -> Row:
    differs = len({repr(value) for value in values}) > 1
    first, *others = values
    return Row(name, [Cell(first, None), *(Cell(v, change(v, first)) for v in others)], differs)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
