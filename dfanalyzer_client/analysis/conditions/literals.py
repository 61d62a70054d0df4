"""The numbers and texts in conditions, as what they are compared with needs them."""

from __future__ import annotations

import difflib
from datetime import datetime
from enum import StrEnum
from typing import Any

from ...errors import SelectionError
from ...support.clock import naive_utc
from ...task_status import TaskStatus

__all__ = ["Kind", "bound_literal", "known_status"]

PATTERNS = ("LIKE", "ILIKE")
EQUALITIES = ("=", "<>", "IN")
NOT_FINITE = ("nan", "inf", "infinity")


class Kind(StrEnum):
    """What a name in a condition is."""

    NUMBER = "a number"
    TEXT = "a text"
    TIME = "a time"
    STATUS = "a status"
    DATAFLOW = "a dataflow"


def bound_literal(name: str, kind: Kind, operator: str, text: str, *, is_text: bool) -> Any:
    """The value to bind for a literal that is compared with a name.

    Args:
        name: the name, as it was written.
        kind: what it is.
        operator: in SQL.
        text: the literal, without quotes.
        is_text: whether it was in quotes.

    Raises:
        SelectionError: they cannot be compared.
    """
    if operator in PATTERNS and kind in (Kind.NUMBER, Kind.TIME):
        raise SelectionError(
            f"{name} is {kind}, and {operator} compares texts. Expected =, <>, <, >, IN or BETWEEN."
        )
    if kind is Kind.NUMBER:
        return _number(name, text, is_text=is_text)
    if kind is Kind.TIME:
        return _time(name, text)
    if not is_text and operator not in EQUALITIES:
        raise SelectionError(
            f"{name} is a text, so what it is compared with is in single quotes, as '{text}'."
        )
    if kind is Kind.STATUS:
        return text.upper() if operator in PATTERNS else known_status(text)
    return text.lower() if kind is Kind.DATAFLOW else text


def known_status(text: str) -> str:
    """The status as it is stored, whatever its case; raises SelectionError if there is none."""
    known = [status.value for status in TaskStatus]
    if text.upper() not in known:
        close = difflib.get_close_matches(text.upper(), known, 1)
        meant = f" Did you mean {close[0]!r}?" if close else ""
        raise SelectionError(
            f"There is no status {text!r}.{meant} Expected one of {', '.join(known)}."
        )
    return text.upper()


def _number(name: str, text: str, *, is_text: bool) -> float:
    if is_text:
        raise SelectionError(f"{name} is a number, and numbers are not in quotes. {_cure(text)}")
    return float(text)


def _cure(text: str) -> str:
    if text.lower().lstrip("+-") in NOT_FINITE:
        return "isnan(NAME) finds NaN, and isinf(NAME) infinity."
    return f"Received: {text!r}."


def _time(name: str, text: str) -> datetime:
    try:
        return naive_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        raise SelectionError(
            f"{name} is a time, as '2026-01-31', '2026-01-31 12:00' or '2026-01-31T12:00+01:00', "
            f"in UTC unless it says otherwise. Received: {text!r}."
        ) from None
