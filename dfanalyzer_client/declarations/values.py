"""Values on their way to a column: what each attribute type takes.

TEXT and FILE take anything that has a text; NUMERIC takes numbers and texts of numbers. MonetDB's
DOUBLE holds no NaN, no infinity, and no whole number beyond 2^53 exactly: such a value goes into
its column as NULL (or as the nearest double), and in full into ``"public"."exact_number"``.
"""

from __future__ import annotations

import contextlib
import math
import operator
import os
from typing import Any

from ..errors import DefinitionError, ElementError
from ..support.numbers import non_finite_text
from .names import checked_text

__all__ = ["EXACT_INTEGERS", "column_value", "stored_value", "text_of"]

EXACT_INTEGERS = 2**53
"""Whole numbers up to this size are exact in a DOUBLE (IEEE 754 binary64)."""

Number = int | float


def stored_value(value: Any, type_: str, where: str) -> str | Number | None:
    """`value` as plain Python data for an attribute of `type_`; raises ElementError.

    `where` says in the message whose value this is. None is a missing value in every type.
    """
    if value is None:
        return None
    if type_ == "NUMERIC":
        return _number(value, where)
    try:
        return checked_text(text_of(value), f"text for {where}")
    except DefinitionError as error:
        raise ElementError(str(error)) from None


def text_of(value: Any) -> str:
    """What a value is as a text: a path as the system has it, anything else as Python says it."""
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    return value if type(value) is str else str(value)


def column_value(value: Any, type_: str) -> tuple[Any, str | None]:
    """What goes into the column, and the exact text of a number that a DOUBLE cannot hold.

    A value that is none, which no call of ours lets through, is NULL there, and is kept as it is.
    """
    if type_ != "NUMERIC" or value is None:
        return (value if value is None else text_of(value)), None
    if not isinstance(value, (int, float)):
        return None, text_of(value)
    if isinstance(value, int):
        return _column_integer(value), None if abs(value) <= EXACT_INTEGERS else str(value)
    exact = non_finite_text(value)
    return (value if exact is None else None), exact


def _column_integer(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _number(value: Any, where: str) -> Number:
    plain = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if isinstance(plain, str):
        plain = _parsed(plain.strip())
    elif not isinstance(plain, (int, float)):
        plain = _converted(plain)
    if isinstance(plain, bool):
        plain = int(plain)
    if isinstance(plain, (int, float)) and not _too_large(plain):
        return plain
    bounds = " of 64 bits" if isinstance(plain, int) else ""
    raise ElementError(
        f"A number{bounds} was expected for {where}. Received: {value!r:.80} "
        f"of type {type(value).__name__}."
    )


def _parsed(text: str) -> Number | str:
    """The number that a text says, or the text where it says none, or one beyond all doubles."""
    with contextlib.suppress(ValueError):
        return int(text)
    with contextlib.suppress(ValueError):
        number = float(text)
        return text if math.isinf(number) and any(map(str.isdigit, text)) else number
    return text


def _converted(value: Any) -> Any:
    """A number of another kind, as Decimal, Fraction or TensorFlow's scalars, as Python's own."""
    for convert in (operator.index, float) if hasattr(type(value), "__float__") else ():
        with contextlib.suppress(Exception):  # whatever its library raises
            number = convert(value)
            return value if math.isinf(number) and number != value else number
    return value


def _too_large(number: Number) -> bool:
    return isinstance(number, int) and not -(2**63) <= number < 2**63
