"""Compare the rows of an execution with those of its crate: metrics, hyperparameters, data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..keras_schema import SETS
from ..keras_schema import names as tags
from ._findings import Difference, Part, relative_difference

__all__ = ["COMPARED", "Rows", "compared_tables", "rows_of"]

COMPARED: Mapping[str, str] = {
    tags.TRAINING_INPUT: "hyperparameters",
    tags.DATASET: "training data",
    tags.TRAINING_OUTPUT: "metrics of the epochs",
    tags.ADAPTATION_OUTPUT: "changes of the configuration",
    tags.TESTING_DATASET: "test data",
    tags.TESTING_OUTPUT: "metrics of the tests",
}
"""The sets whose rows a re-execution repeats, and what they are called."""

CHANGING = frozenset(
    name.lower()
    for name in (
        tags.ELAPSED_TIME,
        tags.DETAIL,
        "MADE_AT",
        "OPTIMIZER_PLACE",
        tags.REQUEST,
        tags.PERSON,
        tags.REASON,
        "SPEC",
    )
)
"""Columns that differ from run to run: durations, places in files, who asked."""

TASK = "task"
EPOCH = tags.EPOCH_ID.lower()


@dataclass(frozen=True)
class Rows:
    """The rows of a set as texts, below their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def rows_of(text: str) -> Rows:
    """The rows of a CSV file, as crates have them."""
    header, *rows = csv.reader(io.StringIO(text, newline="")) if text else [[]]
    return Rows(tuple(header), tuple(map(tuple, rows)))


def compared_tables(
    recorded: Mapping[str, Rows], found: Mapping[str, Rows], tolerance: float
) -> Iterator[Part]:
    """One part for each set that either of them has.

    Args:
        recorded: the rows of the crate, by the set's tag.
        found: those of the execution that was run again.
        tolerance: how far apart numbers may be, relative to the larger one.
    """
    for tag, name in COMPARED.items():
        ours, theirs = recorded.get(tag.lower()), found.get(tag.lower())
        if ours is not None or theirs is not None:
            part = Part(name)
            _compare(part, tag, ours or Rows((), ()), theirs or Rows((), ()), tolerance)
            yield part


def _compare(part: Part, tag: str, recorded: Rows, found: Rows, tolerance: float) -> None:
    names = _names(tag, recorded, found)
    for number, row in enumerate(recorded.rows[: len(found.rows)]):
        ours = dict(zip(recorded.columns, row, strict=False))
        theirs = dict(zip(found.columns, found.rows[number], strict=False))
        for name in names:
            part.compared += 1
            _compare_values(part, _place(ours), name, (ours.get(name), theirs.get(name)), tolerance)
    if len(recorded.rows) != len(found.rows):
        counts = str(len(recorded.rows)), str(len(found.rows))
        part.differences.append(Difference("all", "number of rows", *counts))


def _names(tag: str, recorded: Rows, found: Rows) -> list[str]:
    """The columns that are compared: all but times and what differs from run to run."""
    times = {each.name.lower() for each in SETS[tag].columns if each.is_time}
    columns = dict.fromkeys([*recorded.columns, *found.columns])
    return [name for name in columns if name not in times | CHANGING]


def _place(row: Mapping[str, str]) -> str:
    task = row.get(TASK, "")
    return f"{task}, epoch {row[EPOCH].removesuffix('.0')}" if EPOCH in row else task


def _compare_values(
    part: Part, place: str, name: str, values: tuple[str | None, str | None], tolerance: float
) -> None:
    ours, theirs = ("no such column" if each is None else each for each in values)
    if ours == theirs:
        return
    numbers = _number(ours), _number(theirs)
    if numbers[0] is None or numbers[1] is None:
        part.differences.append(Difference(place, name, ours or "NULL", theirs or "NULL"))
        return
    relative = relative_difference(numbers[0], numbers[1])
    if relative:
        part.add_number(Difference(place, name, ours, theirs, relative), tolerance)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
