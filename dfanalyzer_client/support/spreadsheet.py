"""Rows as CSV, in which a spreadsheet takes no cell for a formula.

A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return gets a ``'`` before
it, unless it is a number (OWASP, "CSV Injection"). So does a text that has such a ``'`` already,
so that removing one ``'`` gives back what is stored.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

__all__ = ["csv_text", "escape_formula", "named_columns"]

_UNNAMED = re.compile(r"%\d+")
"""MonetDB's names for columns that have none."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|nan|Infinity)")


def escape_formula(value: Any) -> Any:
    """The value of a cell, escaped if it is a formula; numbers stay as they are."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


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


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows with a header; lines end with a newline only, as sqlite3 and psql write them.

    Formulas are escaped.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([escape_formula(name) for name in named_columns(columns)])
    writer.writerows([escape_formula(value) for value in row] for row in rows)
    return text.getvalue()
