"""Rows as text for a terminal and as HTML for a notebook; what is stored is escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..support.terminal import terminal_line

__all__ = ["as_html", "as_text", "cell"]

TEXT_ROWS, HTML_ROWS = 20, 50
TEXT_COLUMNS, HTML_COLUMNS = 12, 40
CELL_CHARACTERS = 60


def as_text(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table in characters, of the first rows and columns, and how many there are."""
    shown = [[cell(value) for value in row[:TEXT_COLUMNS]] for row in rows[:TEXT_ROWS]]
    names = [terminal_line(name) for name in columns[:TEXT_COLUMNS]]
    widths = [
        max(len(each) for each in (name, *(row[place] for row in shown)))
        for place, name in enumerate(names)
    ]
    right = [_is_numeric([row[place] for row in rows]) for place in range(len(names))]
    lines = [
        "  ".join(
            text.rjust(width) if numeric else text.ljust(width)
            for text, width, numeric in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in (names, *shown)
    ]
    return "\n".join([*lines, *_left_out(columns, rows, TEXT_COLUMNS, TEXT_ROWS)])


def as_html(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """An HTML table of the first rows and columns, and how many there are."""
    names = "".join(
        f"<th>{html.escape(terminal_line(name))}</th>" for name in columns[:HTML_COLUMNS]
    )
    body = "".join(
        f"<tr>{''.join(_html_cell(value) for value in row[:HTML_COLUMNS])}</tr>"
        for row in rows[:HTML_ROWS]
    )
    size = "".join(f"<p>{line}</p>" for line in _left_out(columns, rows, HTML_COLUMNS, HTML_ROWS))
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>{size}"


def cell(value: Any) -> str:
    """A value on one line, for people: short, without control characters."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    text = terminal_line(value)
    return text if len(text) <= CELL_CHARACTERS else f"{text[: CELL_CHARACTERS - 1]}…"


def _html_cell(value: Any) -> str:
    style = ' style="text-align: right"' if _is_number(value) else ""
    return f"<td{style}>{html.escape(cell(value))}</td>"


def _left_out(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], max_columns: int, max_rows: int
) -> list[str]:
    """A line that says how much there is."""
    text = f"{len(rows)} row{'s' * (len(rows) != 1)}"
    if len(rows) > max_rows:
        text += f", of which {max_rows} are shown"
    if len(columns) > max_columns:
        text += f"; {len(columns)} columns, of which {max_columns} are shown"
    return [text]


def _is_numeric(values: Sequence[Any]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(map(_is_number, present))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
