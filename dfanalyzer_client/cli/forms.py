"""Format rows as CSV and JSON, for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from ..support.spreadsheet import escape_formula
from ..support.terminal import CONTROL_CHARACTERS, terminal_text

__all__ = ["as_csv", "json_text", "named_columns", "short_number"]

LONGEST_NUMBER = 12
"""So many characters of a number are shown where it has to be short."""

_UNNAMED = re.compile(r"%\d+")
"""MonetDB's names for columns that have none."""


def named_columns(columns: Sequence[str]) -> list[str]:
    """Unique names for the columns; unnamed ones are named by position, as ``column_1``."""
    names: list[str] = []
    for place, column in enumerate(columns, 1):
        plain = f"column_{place}" if _UNNAMED.fullmatch(column) else column
        name, number = plain, 1
        while name in names or (name != column and name in columns):
            number += 1
            name = f"{plain}_{number}"
        names.append(name)
    return names


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows with a header; lines end with a newline only, as sqlite3 and psql write them.

    Formulas are escaped. On a terminal, control characters are escaped, too.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([escape_formula(name) for name in named_columns(columns)])
    writer.writerows([escape_formula(value) for value in row] for row in rows)
    return terminal_text(text.getvalue()) if sys.stdout.isatty() else text.getvalue()


def json_text(found: Any) -> str:
    """JSON text in which control characters are escaped, so that it is safe on a terminal."""
    text = json.dumps(found, default=str, indent=1, ensure_ascii=False)
    return CONTROL_CHARACTERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def short_number(value: object) -> str:
    """A measured value with four digits; a number that no DOUBLE holds is the text it is."""
    try:
        return f"{value:.4g}"
    except (ValueError, OverflowError):
        text = str(value)
        return text if len(text) <= LONGEST_NUMBER else f"{text[: LONGEST_NUMBER - 1]}…"
