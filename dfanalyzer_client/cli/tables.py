"""Tables of the command: whole in a pipe or a file, on a terminal what fits its width.

Narrow columns come first; a wide one is folded into what is left, or left out if that is too
little. Names of executions and dataflows are whole, so that they can be pasted; they are folded
between their words only where a command says which columns it can spare, and that is not enough.
"""

from __future__ import annotations

import re
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
"""A column that is not wider than this is not folded, and no name is folded into less."""

LEAST = 16
"""No column is folded into less."""

NAMES = frozenset({"id", "execution", "dataflow", "previous execution", "tag"})
"""Columns whose values are pasted into other commands."""

BREAKS = {name: re.compile(r"(?<=[ _-])") for name in NAMES} | {
    "last metrics": re.compile(r"(?<=, )")
}
"""Columns whose values are folded only behind certain characters."""

IN_A_PAGER = "`| less -S` shows all"
AS_CSV = "--csv prints all, and `| less -S` shows it"


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    see_all: str = IN_A_PAGER,
    spare: Sequence[str] = (),
) -> None:
    """Print rows as a table; what does not fit into the terminal is said on stderr.

    Args:
        columns: the names of the columns.
        rows: their values.
        see_all: how the user of this command can see columns that do not fit.
        spare: the columns to leave out first where not all fit, in this order.
    """
    if not sys.stdout.isatty():
        click.echo(whole_table(columns, rows))
        return
    from rich.console import Console  # not above: a pipe needs none of it

    drawn, left = as_table(columns, rows, shutil.get_terminal_size().columns, spare)
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
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    limit: int,
    spare: Sequence[str] = (),
) -> tuple[Table, list[str]]:
    """A table that is at most `limit` wide, and the columns that do not fit into it."""
    from rich import box  # not above: CSV and JSON need none of it
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(value) for value in row] for row in rows]
    titles = [terminal_line(column) for column in columns]
    widths = _widths(titles, cells)
    fits = fitting(columns, widths, limit, spare)
    result = Table(box=box.ASCII2, show_edge=True)
    for place, width in fits.items():
        result.add_column(
            Text(titles[place]),
            justify="right" if rows and _is_numeric(rows, place) else "left",
            width=width,
            overflow="fold",
        )
    for row in cells:
        texts = {
            place: _folded(row[place], width, BREAKS.get(columns[place]))
            for place, width in fits.items()
        }
        result.add_row(*map(Text, texts.values()))
    return result, [title for place, title in enumerate(titles) if place not in fits]


def fitting(
    columns: Sequence[str], widths: Sequence[int], limit: int, spare: Sequence[str] = ()
) -> dict[int, int]:
    """The columns that fit into `limit`, by their place, and how wide each is then.

    The first column is always there. Several that have to be folded share what is left.

    Args:
        columns: their names.
        widths: the width of the widest value of each.
        limit: the width of the terminal.
        spare: the columns to leave out first where not all fit, in this order.
    """
    fits: dict[int, int] = {}
    for least in (None, MIN_FOLDED) if spare else (None,):
        for count in range(len(spare) + 1):
            places = [place for place, name in enumerate(columns) if name not in spare[:count]]
            fits = _fitting(columns, widths, places, limit, least)
            if len(fits) == len(places):
                return dict(sorted(fits.items()))
    return dict(sorted(fits.items()))


def _fitting(
    columns: Sequence[str],
    widths: Sequence[int],
    places: Sequence[int],
    limit: int,
    least: int | None,
) -> dict[int, int]:
    """Those of the columns at `places` that fit: narrow ones and names, then what is folded.

    With `least`, names may be folded into so much; else they are whole.
    """
    left = limit - 1
    fits, folded = dict[int, int](), list[int]()
    for place in places:
        is_name = columns[place] in NAMES
        if place and widths[place] > MIN_FOLDED and not is_name:
            folded.append(place)
            continue
        width = min(widths[place], least) if is_name and place and least else widths[place]
        if width + BORDERS <= left or not place:
            fits[place] = width
            left -= width + BORDERS
    folded.sort(key=widths.__getitem__)
    reserved = _reserved(len(folded), left)
    left = _widened(fits, widths, left - reserved) + reserved
    for done, place in enumerate(folded):
        share = left // (len(folded) - done) - BORDERS
        width = min(widths[place], max(share, LEAST))
        if width + BORDERS <= left:
            fits[place] = width
            left -= width + BORDERS
    return fits


def _widened(fits: dict[int, int], widths: Sequence[int], left: int) -> int:
    """Make the columns of names whole for which there is room; returns what is left of it."""
    for place, width in fits.items():
        more = widths[place] - width
        if more <= left:
            fits[place] += more
            left -= more
    return left


def _reserved(count: int, left: int) -> int:
    """What so many folded columns take, as far as there is room for them."""
    least = LEAST + BORDERS
    return min(count, max(left, 0) // least) * least


def _folded(text: str, width: int, breaks: re.Pattern[str] | None) -> str:
    """A text on as many lines as it needs, broken only where `breaks` says; None: anywhere."""
    if breaks is None or len(text) <= width:
        return text
    lines = [""]
    for word in breaks.split(text):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return "\n".join(line.rstrip() for line in lines)


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
