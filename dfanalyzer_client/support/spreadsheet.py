"""Cells that a spreadsheet would take for a formula, made texts.

A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return gets a ``'`` before
it, unless it is a number (OWASP, "CSV Injection"). So does one that has such a ``'`` already:
whoever takes one off each has what is stored.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["escape_formula"]

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|nan|Infinity)")


def escape_formula(value: Any) -> Any:
    """A cell's value; a number, and a text that says one, stay what they are."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
