"""What separates the values of a CSV file, and which columns it has: read from its first line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["DELIMITERS", "Heading", "HeadingError", "heading_of"]

DELIMITERS = (";", ",", "\t", "|")
"""DfAnalyzer's extractors write semicolons."""


class HeadingError(ValueError):
    """The first line of a file does not fit the attributes."""


class Heading(NamedTuple):
    """The columns of a file.

    Attributes:
        delimiter: what separates values.
        columns: their names, in lower case.
        is_line: whether the first line names them; else it is a row.
    """

    delimiter: str
    columns: list[str]
    is_line: bool


def heading_of(line: str, wanted: Sequence[str], *, is_exact: bool) -> Heading:
    """The heading that a file's first line gives.

    A line that names at least one attribute is a header, and the delimiter is the one by which it
    names most. Otherwise the file has no header, and its columns are the attributes in their order.

    Args:
        line: the line.
        wanted: names of the attributes.
        is_exact: whether the file must have all of them, so that it may go without a header.

    Raises:
        HeadingError: neither is so, or it is not clear which.
    """
    cells = {delimiter: _cells(line, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda each: len(set(wanted) & set(cells[each])))
    columns = cells[delimiter]
    if not set(wanted) & set(columns):
        if is_exact:
            return Heading(_delimiter_of(cells, wanted), list(wanted), is_line=False)
        raise HeadingError(f"a header was expected that names some of {', '.join(wanted)}.")
    repeated = [name for name, count in Counter(columns).items() if count > 1 and name in wanted]
    if repeated:
        raise HeadingError(f"the header names {repeated[0]!r} twice.")
    missing = [name for name in wanted if name not in columns]
    if missing and is_exact:
        raise HeadingError(
            f"the header has no column {', '.join(map(repr, missing))}. "
            f"Received: {', '.join(columns)[:200]}."
        )
    return Heading(delimiter, columns, is_line=True)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [cell.strip().lower() for cell in cells]


def _delimiter_of(cells: dict[str, list[str]], wanted: Sequence[str]) -> str:
    """The delimiter that separates as many values as there are attributes."""
    fitting = [each for each in DELIMITERS if len(cells[each]) == len(wanted)]
    if not fitting or (len(fitting) > 1 and len(wanted) > 1):
        counts = ", ".join(f"{len(cells[each])} by {each!r}" for each in DELIMITERS)
        raise HeadingError(
            f"a header was expected that names {', '.join(wanted)}, or as many values. "
            f"Received values: {counts}."
        )
    return fitting[0]
