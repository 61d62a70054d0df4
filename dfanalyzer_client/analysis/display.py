"""Rows as text for a terminal; what is stored is escaped. `html` shows them in notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..support.terminal import terminal_line

__all__ = ["as_text", "cell"]

TEXT_ROWS, TEXT_COLUMNS = 20, 12
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
