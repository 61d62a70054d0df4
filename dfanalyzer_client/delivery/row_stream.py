"""Rows of one set, said one after the other by a task that runs: what a training does each epoch.

All of the message but the values is made and checked once, so that saying a row costs the thread
that trains little more than writing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..declarations.encoding import RowTemplate, encode, plain_text
from ..declarations.messages import TaskMessage
from ..declarations.values import EXACT_INTEGERS, stored_value

__all__ = ["RowStream"]


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
        message: TaskMessage,
        columns: Mapping[str, str],
    ) -> None:
        self._say = say
        self._columns = tuple(columns.items())
        template = RowTemplate(message)
        self._head, self._tail = template.head, template.tail

    def send(self, values: Sequence[Any]) -> None:
        """Say one row.

        Raises:
            ElementError: a value does not fit its attribute.
            JournalError: the journal cannot be written.
        """
        row = ",".join(
            [
                _short(value, type_) or encode(stored_value(value, type_, f"attribute {name!r}"))
                for (name, type_), value in zip(self._columns, values, strict=True)
            ]
        )
        self._say(f"{self._head}{row}{self._tail}")


def _short(value: Any, type_: str) -> str | None:
    """A plain value in JSON, as `stored_value` and `json` would make it; None for any other.

    The short way of each epoch's row: an encoder takes three times as long.
    """
    kind = type(value)
    if type_ == "NUMERIC":
        if kind is float:
            return float.__repr__(value) if value - value == 0.0 else None  # no NaN, no infinity
        return int.__repr__(value) if kind is int and abs(value) <= EXACT_INTEGERS else None
    return plain_text(value) if kind is str else None
