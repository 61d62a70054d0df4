"""A statement with its parameters in it, for people to read and to run by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["statement_text"]


def statement_text(text: str, parameters: Sequence[Any]) -> str:
    """The statement as SQL tools take it; the database itself is never sent this.

    Args:
        text: with ``%s`` for each parameter, and ``%%`` for a ``%``.
        parameters: numbers and texts.
    """
    values = iter(parameters)
    parts = text.split("%%")
    return "%".join(_filled(part, values) for part in parts)


def _filled(part: str, values: Any) -> str:
    first, *rest = part.split("%s")
    return first + "".join(_literal(next(values)) + each for each in rest)


def _literal(value: Any) -> str:
    """A value in SQL; MonetDB reads a backslash in a text as the beginning of an escape."""
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"
