"""What differs between two executions, part by part, and where two texts differ."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...analysis import Difference
from ...errors import UnknownTagError
from .side_by_side import change

__all__ = ["PARTS", "DiffRow", "Part", "Piece", "parts_of", "pieces", "value_of"]

MOST_ROWS = 100
"""Of a part, where all parts are shown."""

PAGE_ROWS = 1000
"""Of a part that is shown alone."""

PARTS = {
    "hyperparameter": "Hyperparameters",
    "layer": "Layers",
    "data": "Fingerprints of data",
    "commit": "Commit",
    "package": "Packages",
    "environment": "Environment",
    "metric": "Last values of metrics",
    "field": "Executions",
}
"""The parts in the order of the page, and their titles."""

WORD = re.compile(r"\w+|\s+|[^\w\s]")
MOST_WORDS = 8000
"""In longer texts, what differs is not marked: that takes long."""

MOST_CHARACTERS = 100_000
"""Of a text that a page shows; the whole has an address of its own."""


@dataclass(frozen=True)
class DiffRow:
    """A value of two executions.

    Attributes:
        name: what it is.
        a: the first execution's; None if it has none.
        b: the second one's.
        differs: whether they differ.
        change: for numbers, by how much the second is above the first.
    """

    name: str
    a: Any
    b: Any
    differs: bool
    change: float | None


@dataclass(frozen=True)
class Part:
    """The values of a part that are shown.

    Attributes:
        name: in addresses.
        title: what they are.
        rows: the values.
        count: how many there are in all.
        differing: how many of these differ.
        page: which page of the part this is, from 1.
        has_more: whether there are rows behind these.
    """

    name: str
    title: str
    rows: Sequence[DiffRow]
    count: int
    differing: int
    page: int
    has_more: bool


@dataclass(frozen=True)
class Piece:
    """A piece of a text, and whether the other text lacks it."""

    text: str
    differs: bool


def parts_of(found: Difference, only: str = "", page: int = 1) -> list[Part]:
    """The parts of a difference: the first rows of all, or a page of one.

    Args:
        found: with what is the same or without it.
        only: the only part; empty: all.
        page: of that part, from 1.
    """
    by_part: dict[str, list[DiffRow]] = {name: [] for name in PARTS}
    for part, name, a, b in found.rows:
        by_part[part].append(DiffRow(str(name), a, b, repr(a) != repr(b), change(b, a)))
    most = PAGE_ROWS if only else MOST_ROWS
    first = (page - 1) * most if only else 0
    return [
        Part(
            name,
            title,
            by_part[name][first : first + most],
            len(by_part[name]),
            sum(row.differs for row in by_part[name]),
            page,
            len(by_part[name]) > first + most,
        )
        for name, title in PARTS.items()
        if by_part[name] and only in ("", name)
    ]


def value_of(found: Difference, part: str, name: str) -> DiffRow:
    """One value of both executions; raises UnknownTagError."""
    for row in found.rows:
        if row[:2] == (part, name):
            return DiffRow(name, row[2], row[3], repr(row[2]) != repr(row[3]), None)
    raise UnknownTagError(f"Neither execution has a value {name!r} in the part {part!r}.")


def pieces(a: str, b: str) -> tuple[list[Piece], list[Piece]]:
    """Two texts in pieces that both have, and pieces that only one has.

    Of texts with very many words, only the common beginning and end are found.
    """
    left, right = WORD.findall(a), WORD.findall(b)
    if len(left) + len(right) > MOST_WORDS:
        return _ends(a, b)
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    codes = matcher.get_opcodes()
    return (
        [Piece("".join(left[i:j]), tag != "equal") for tag, i, j, _, _ in codes if j > i],
        [Piece("".join(right[i:j]), tag != "equal") for tag, _, _, i, j in codes if j > i],
    )


def _ends(a: str, b: str) -> tuple[list[Piece], list[Piece]]:
    shorter = min(len(a), len(b))
    start = next((n for n in range(shorter) if a[n] != b[n]), shorter)
    rest = shorter - start
    end = next((n for n in range(rest) if a[-1 - n] != b[-1 - n]), rest)
    return list(_cut(a, start, end)), list(_cut(b, start, end))


def _cut(text: str, start: int, end: int) -> Iterator[Piece]:
    last = len(text) - end
    for piece, differs in ((text[:start], False), (text[start:last], True), (text[last:], False)):
        if piece:
            yield Piece(piece, differs)
