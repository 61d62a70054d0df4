"""Rows of a CSV file, with their values as declared; and where they are, for an index."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from ..declarations.raw_data import Source
from ..declarations.values import stored_value
from ..errors import ElementError
from ._heading import Heading, HeadingError, heading_of
from ._lines import Lines

__all__ = ["csv_rows"]

INDEXING = "INDEXING"
MISSING = ("", "null")
"""A number that is missing, as DfAnalyzer's clients write it."""


def csv_rows(lines: Lines, source: Source) -> Iterator[dict[str, Any]]:
    """The rows of a file: the values of those of the source's columns that it has, by name.

    An INDEXING extractor reads the columns that the file has, and gives the only other one the
    position in bytes at which the row begins.

    Raises:
        RawDataError: the file is no CSV of these columns, or too large.
        ElementError: a value does not fit its attribute.
    """
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        return
    heading = _heading(lines, first, source)
    if not heading.is_line:
        lines.put_back(first)
    position = _position_of(lines, source, heading) if source.cartridge == INDEXING else None
    places = _places(source, heading)
    for cells in _records(lines, heading):
        number, begin = lines.first or (lines.number, 0)
        row = {
            name: _value(cells[place], name, source.columns[name], lines, number)
            for name, place in places.items()
        }
        if position is not None:
            row[position] = begin
        yield row


def _heading(lines: Lines, first: str, source: Source) -> Heading:
    is_exact = source.is_exact and source.cartridge != INDEXING
    try:
        return heading_of(first, list(source.columns), is_exact=is_exact)
    except HeadingError as error:
        raise lines.error(str(error)) from None


def _places(source: Source, heading: Heading) -> dict[str, int]:
    """Where the columns of a source stand in a row of the file."""
    at = {name: place for place, name in enumerate(heading.columns)}
    return {name: at[name] for name in source.columns if name in at}


def _position_of(lines: Lines, source: Source, heading: Heading) -> str:
    """The attribute that takes the positions of rows."""
    others = [name for name in source.columns if name not in heading.columns]
    if len(others) == 1 and source.columns[others[0]] == "NUMERIC":
        return others[0]
    raise lines.error(
        f"an index of {source.tag!r} has one NUMERIC attribute that the file has no column of, "
        f"for the positions of rows. Received: {', '.join(others) or 'none'}."
    )


def _records(lines: Lines, heading: Heading) -> Iterator[list[str]]:
    """The rows of the file as texts, without empty lines."""
    reader = csv.reader(lines, delimiter=heading.delimiter, strict=True)
    while True:
        lines.mark()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise lines.error(f"it is no CSV: {error}.") from None
        if cells is None:
            return
        if not cells:
            continue
        if len(cells) != len(heading.columns):
            raise lines.error(
                f"{len(heading.columns)} values were expected, for {', '.join(heading.columns)}. "
                f"Received: {len(cells)}.",
                lines.first and lines.first[0],
            )
        yield cells


def _value(text: str, name: str, type_: str, lines: Lines, number: int) -> Any:
    if type_ == "NUMERIC" and text.strip() in MISSING:
        return None
    try:
        return stored_value(text, type_, "")
    except ElementError:
        where = f"{lines.name}, line {number}, column {name!r}"
        return stored_value(text, type_, where)  # raises it again, and says where
