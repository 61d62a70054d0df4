"""Read a condition part by part, whatever is made of the parts."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from typing import Any, TypeVar

import sqlglot
from sqlglot import exp

from ...errors import SelectionError
from .faults import QUOTES, fault

__all__ = ["ConditionReader", "parsed"]

MAX_CHARACTERS = 10_000
MAX_DEPTH = 200

Made = TypeVar("Made")


def parsed(text: str) -> exp.Expr:
    """A condition as a tree, of which nothing is checked; raises SelectionError if it is none."""
    if len(text) > MAX_CHARACTERS:
        raise SelectionError(
            f"A condition must have at most {MAX_CHARACTERS} characters. Received: {len(text)}."
        )
    try:
        return sqlglot.parse_one(text, into=exp.Condition)
    except RecursionError:
        raise SelectionError(f"The condition is nested too deeply: {text!r:.200}.") from None
    except (sqlglot.errors.SqlglotError, ValueError):
        raise SelectionError(f"This is not a condition: {text!r:.200}. {fault(text)}") from None


class ConditionReader:
    """Limits the depth of a condition, and refuses what is not on its list.

    Args:
        text: the condition.
        allowed: a sentence that says what may be in it.
    """

    def __init__(self, text: str, allowed: str) -> None:
        self._text, self._allowed = text, allowed
        self._depth = 0

    def _nested(self, build: Callable[[Any], Made], node: exp.Expr) -> Made:
        """What `build` makes of a part, one level deeper."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SelectionError(f"The condition is nested too deeply: {self._text!r:.200}.")
        try:
            return build(node)
        finally:
            self._depth -= 1

    def _number(self, node: exp.Literal) -> float:
        """The number that a literal is; raises SelectionError if a DOUBLE cannot hold it."""
        try:
            number = float(decimal.Decimal(node.this))
        except (ArithmeticError, ValueError):
            raise self._refused(node) from None
        if node.is_string or not math.isfinite(number):
            raise self._refused(node)
        return number

    def _refused(self, node: exp.Expr) -> SelectionError:
        return SelectionError(
            f"{node.sql()!r:.200} is not allowed in the condition {self._text!r:.200}. "
            f"{self._allowed} {QUOTES}"
        )
