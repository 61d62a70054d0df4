"""Tables of the command: whole in a pipe or a file, on a terminal what fits its width.

Narrow columns come first; a wide one is folded into what is left, or left out if that is too
little. Names of executions and dataflows are never folded, so that they can be pasted.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len

from ..support.terminal import terminal_line

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["AS_CSV", "UNLIMITED", "as_table", "fitting", "print_table", "whole_table"]

UNLIMITED = 1_000_000
"""The width of what is no terminal."""

BORDERS = 3
"""What a column needs beside its values: two spaces and a line."""

MIN_FOLDED = 24
"""A column that is not wider than this is not folded, and none is folded into less."""

NAMES = frozenset({"id", "execution", "dataflow", "previous execution", "tag"})
"""Columns whose values are pasted into other commands."""

IN_A_PAGER = "`| less -S` shows all"
AS_CSV = "--csv prints all, and `| less -S` shows it"


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    see_all: str = IN_A_PAGER,
) -> None:
    """Print rows as a table; what does not fit into the terminal is said on stderr.

    Args:
        columns: the names of the columns.
        rows: their values.
        see_all: how the user of this command can see columns that do not fit.
    """
    if not sys.stdout.isatty():
        click.echo(whole_table(columns, rows))
        return
    from rich.console import Console  # not above: a pipe needs none of it

    drawn, left = as_table(columns, rows, shutil.get_terminal_size().columns)
    Console(highlight=False, width=UNLIMITED).print(drawn)
    if left:
        _say_left_out(left, see_all)


def whole_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """All of a table as text, as `as_table` draws it on a terminal of any width.

    It takes a twentieth of the time, which counts where hundreds of executions are compared.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    titles = [terminal_line(column) for column in columns]
    widths = _widths(titles, cells)
    aligned = [rows and _is_numeric(rows, place) for place in range(len(columns))]
    edge = f"+{'+'.join('-' * (width + 2) for width in widths)}+"

    def line(values: Sequence[str]) -> str:
        padded = (
            f" {padding}{value} " if is_right else f" {value}{padding} "
            for value, width, is_right in zip(values, widths, aligned, strict=True)
            for padding in [" " * (width - cell_len(value))]
        )
        return f"|{'|'.join(padded)}|"

    return "\n".join([edge, line(titles), edge, *map(line, cells), edge])


def as_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], limit: int
) -> tuple[Table, list[str]]:
    """A table that is at most `limit` wide, and the columns that do not fit into it."""
    from rich import box  # not above: CSV and JSON need none of it
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    titles = [terminal_line(column) for column in columns]
    widths = _widths(titles, cells)
    fits = fitting(columns, widths, limit)
    result = Table(box=box.ASCII2, show_edge=True)
    for place, width in fits.items():
        result.add_column(
            Text(titles[place]),
            justify="right" if rows and _is_numeric(rows, place) else "left",
            width=width,
            overflow="fold",
        )
    for row in cells:
        result.add_row(*(Text(row[place]) for place in fits))
    return result, [title for place, title in enumerate(titles) if place not in fits]


def fitting(columns: Sequence[str], widths: Sequence[int], limit: int) -> dict[int, int]:
    """The columns that fit into `limit`, by their place, and how wide each is then.

    The first column is always there. Several that have to be folded share what is left.

    Args:
        columns: their names.
        widths: the width of the widest value of each.
        limit: the width of the terminal.
    """
    left = limit - 1
    folded, fits = [], dict[int, int]()
    for place, (name, width) in enumerate(zip(columns, widths, strict=True)):
        if place and width > MIN_FOLDED and name not in NAMES:
            folded.append(place)
        elif width + BORDERS <= left or not place:
            fits[place] = width
            left -= width + BORDERS
    for done, place in enumerate(sorted(folded, key=widths.__getitem__)):
        share = left // (len(folded) - done) - BORDERS
        width = min(widths[place], max(share, MIN_FOLDED))
        if width + BORDERS <= left:
            fits[place] = width
            left -= width + BORDERS
    return dict(sorted(fits.items()))


def _widths(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    """How many cells of a terminal the widest text of each column takes."""
    return [
        max(map(cell_len, (title, *(row[place] for row in cells))))
        for place, title in enumerate(titles)
    ]


def _is_numeric(rows: Sequence[Sequence[Any]], place: int) -> bool:
    return all(isinstance(row[place], (int, float, type(None))) for row in rows)


def _say_left_out(titles: Collection[str], see_all: str) -> None:
    count = f"{len(titles)} column{'s do' if len(titles) > 1 else ' does'} not fit"
    click.echo(f"{count} here ({', '.join(titles)}): {see_all}.", err=True)


def _cell(value: Any) -> str:
    """A value on one line: newlines and control characters are spelled out."""
    return "null" if value is None else terminal_line(value)
