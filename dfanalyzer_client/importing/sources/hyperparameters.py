"""Tools that log parameters as texts: which of these are numbers."""

from __future__ import annotations

import math
import re

__all__ = ["number_or_text"]

NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII)
"""A number as programs print it. One that begins with 00 is the name of something."""

MAX_INTEGER = 2**63


def number_or_text(text: str) -> float | str:
    """The number that a text says, whole or not; else the text."""
    if not NUMBER.fullmatch(text) or not any(map(str.isdigit, text)):
        return text
    if text.lstrip("+-").isdigit():
        whole = int(text) if len(text) <= 20 else MAX_INTEGER
        return whole if -MAX_INTEGER <= whole < MAX_INTEGER else text
    try:
        number = float(text)
    except ValueError:  # "e5"
        return text
    return number if math.isfinite(number) else text
