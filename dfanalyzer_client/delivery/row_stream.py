"""Rows of one set, said one after the other by a task that runs: what a training does each epoch.

All of the message but the values is made and checked once, so that saying a row costs the thread
that trains little more than writing it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

from ..declarations.values import EXACT_INTEGERS, stored_value

__all__ = ["RowStream"]

_encoded = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes one for each call

_PLACE = '"elements":[]'
"""Where the values go. Quotes in names and values are escaped, so it stands there alone."""


class RowStream:
    """Says rows for one task and one set; `Task.stream` makes it.

    Args:
        say: sends a message that is JSON in ASCII.
        message: the task's message, checked, with one set that has no elements.
        columns: name and type of each value.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        message: Mapping[str, Any],
        columns: Mapping[str, str],
    ) -> None:
        self._say = say
        self._columns = tuple(columns.items())
        text = json.dumps({"kind": "task", **message}, separators=(",", ":"))
        self._head, _, self._tail = text.rpartition(_PLACE)

    def send(self, values: Sequence[Any]) -> None:
        """Say one row.

        Raises:
            ElementError: a value does not fit its attribute.
            JournalError: the journal cannot be written.
        """
        row = ",".join(
            [
                _short(value, type_) or _encoded(stored_value(value, type_, f"attribute {name!r}"))
                for (name, type_), value in zip(self._columns, values, strict=True)
            ]
        )
        self._say(f'{self._head}"elements":[[{row}]]{self._tail}')


def _short(value: Any, type_: str) -> str | None:
    """A plain value in JSON, as `stored_value` and `json` would make it; None for any other.

    The short way of each epoch's row: an encoder takes three times as long.
    """
    kind = type(value)
    if type_ == "NUMERIC":
        if kind is float:
            return float.__repr__(value) if value - value == 0.0 else None  # no NaN, no infinity
        return int.__repr__(value) if kind is int and abs(value) <= EXACT_INTEGERS else None
    is_plain = kind is str and value.isascii() and value.isprintable()
    return encode_basestring_ascii(value) if is_plain else None
