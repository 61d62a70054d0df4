"""Format rows as CSV and JSON, for programs and spreadsheets."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from ..support.spreadsheet import csv_text, named_columns
from ..support.terminal import CONTROL_CHARACTERS, terminal_text

__all__ = ["as_csv", "json_text", "named_columns", "short_number"]

LONGEST_NUMBER = 12
"""So many characters of a number are shown where it has to be short."""


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """`csv_text`; on a terminal, control characters are escaped, too."""
    text = csv_text(columns, rows)
    return terminal_text(text) if sys.stdout.isatty() else text


def json_text(found: Any) -> str:
    """JSON text in which control characters are escaped, so that it is safe on a terminal.

    NaN and infinities, which JSON lacks, are the texts that Python and CSV have.
    """
    text = json.dumps(_finite(found), default=str, indent=1, ensure_ascii=False, allow_nan=False)
    return CONTROL_CHARACTERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _finite(value: Any) -> Any:
    """A value in which numbers that JSON lacks are texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, (list, tuple)) else value


def short_number(value: object) -> str:
    """A measured value with four digits; a number that no DOUBLE holds is the text it is."""
    try:
        return f"{value:.4g}"
    except (ValueError, OverflowError):
        text = str(value)
        return text if len(text) <= LONGEST_NUMBER else f"{text[: LONGEST_NUMBER - 1]}…"
