"""Keep a spreadsheet from taking a cell for a formula.

A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return gets a ``'`` before
it, unless it is a number (OWASP, "CSV Injection"). So does a text that has such a ``'`` already,
so that removing one ``'`` gives back what is stored.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["escape_formula"]

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|nan|Infinity)")


def escape_formula(value: Any) -> Any:
    """The value of a cell, escaped if it is a formula; numbers stay as they are."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
