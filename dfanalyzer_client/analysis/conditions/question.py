"""What `runs` is asked: whether its arguments can be meant, and conditions and orders as SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from ...errors import SelectionError

__all__ = ["checked_question", "conditions_of", "order_of"]

NAME = r'(?:"(?:[^"]|"")+"|[^\s".]+)'
ORDER = re.compile(
    rf"\s*(?:(?P<group>{NAME})\.)?(?P<name>{NAME})(?:\s+(?P<direction>ASC|DESC))?\s*",
    re.IGNORECASE,
)


class Columns(Protocol):
    """Finds what a name stands for."""

    def column(self, group: str | None, name: str) -> str:
        """A name as SQL; raises UnknownTagError or SelectionError."""


class Literals(Columns, Protocol):
    """Finds also what is compared with a name."""

    def text_column(self, group: str | None, name: str) -> str:
        """A name as SQL, where it is compared with a text or with NULL."""

    def exact_column(self, group: str | None, name: str) -> str:
        """The text that spells a number which is NaN or infinite, as SQL."""

    def bound(self, group: str | None, name: str, operator: str, text: str, is_text: bool) -> Any:
        """A literal that is compared with a name, as the value to bind."""


def checked_question(
    where: object, order_by: object, limit: object, dataflow: object, status: object
) -> list[str]:
    """The orders as a list, if all arguments of `runs` are of the types that it takes.

    Raises:
        TypeError: an argument has another type.
        SelectionError: the limit is below 1.
    """
    if not isinstance(where, str):
        raise TypeError(
            "where must be a condition as a text, as 'val_loss < 0.2'; `run(…)` finds one run by "
            f"its id or tag. Received: {where!r}."
        )
    for name, value in (("dataflow", dataflow), ("status", status)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} must be a text or None. Received: {value!r}.")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
        raise TypeError(f"limit must be an integer, or None for all runs. Received: {limit!r}.")
    if limit is not None and limit < 1:
        raise SelectionError(f"limit must be at least 1, or None for all runs. Received: {limit}.")
    orders = [order_by] if isinstance(order_by, str) else order_by
    if not isinstance(orders, Sequence) or not all(isinstance(each, str) for each in orders):
        raise TypeError(
            "order_by must be a text, as 'val_loss DESC', or a list of these. Received: "
            f"{order_by!r}."
        )
    return [each for each in orders if isinstance(each, str)]


def conditions_of(names: Literals, wheres: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Conditions as SQL with placeholders, and their parameters; empty ones are left out.

    Raises:
        SelectionError: one is no condition.
        UnknownTagError: a name is unknown.
    """
    conditions, values = list[str](), list[Any]()
    for where in filter(str.strip, wheres):
        from ...support.conditions.to_sql import condition  # a parser, which takes long to import

        text, more = condition(
            where,
            names.column,
            names.text_column,
            resolve_exact=names.exact_column,
            bind=names.bound,
        )
        conditions.append(f"({text})")
        values += more
    return conditions, values


def order_of(names: Columns, text: str) -> str:
    """An order as SQL; raises SelectionError or UnknownTagError."""
    found = ORDER.fullmatch(text)
    if found is None:
        raise SelectionError(
            "An order is a name, with ASC or DESC behind it, as 'val_loss DESC'. A name that is "
            f"not a word is in double quotes. Received: {text!r}."
        )
    group = found["group"] and _bare(found["group"])
    column = names.column(group, _bare(found["name"]))
    return f"{column} {(found['direction'] or 'ASC').upper()} NULLS LAST"


def _bare(name: str) -> str:
    """A name without double quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
