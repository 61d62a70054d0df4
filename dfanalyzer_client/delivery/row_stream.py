"""Send rows of one set, one at a time, from a running task: a training does so after each epoch.

All of the message except the values is encoded and checked once, so a row costs the training's
thread little more than a write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..declarations.encoding import RowTemplate, encode, plain_text
from ..declarations.messages import TaskMessage
from ..declarations.misfit import Misfit
from ..declarations.values import EXACT_INTEGERS, stored_value
from ..errors import ElementError
from .misfits import Misfits

__all__ = ["RowStream"]

PLAIN_NUMBERS, TEXTS = frozenset({float, int}), frozenset({str})


class RowStream:
    """Sends rows for one task and one set; `Task.stream` creates it.

    Args:
        send: sends a message as JSON in ASCII.
        message: the task's message, checked, with one set that has no elements.
        columns: name and type of each value.
        misfits: what happens to values that do not fit.
    """

    def __init__(
        self,
        send: Callable[[str], None],
        message: TaskMessage,
        columns: Mapping[str, str],
        misfits: Misfits,
    ) -> None:
        self._send = send
        self._misfits = misfits
        self._columns = tuple(columns.items())
        template = RowTemplate(message)
        self._head, self._tail = template.head, template.tail
        types = list(columns.values())
        self._texts = next((n for n, type_ in enumerate(types) if type_ == "NUMERIC"), len(types))
        self._has_numbers_last = set(types[self._texts :]) == {"NUMERIC"}

    def send(self, values: Sequence[Any]) -> None:
        """Send one row.

        Raises:
            ElementError: a value does not fit its attribute.
            JournalError: the journal cannot be written.
        """
        row = self._plain_row(values) if self._has_numbers_last else None
        if row is not None:
            self._send(f"{self._head}{row}{self._tail}")
            return
        row = ",".join(
            [
                _plain(value, type_) or encode(self._stored(value, type_, name))
                for (name, type_), value in zip(self._columns, values, strict=True)
            ]
        )
        self._send(f"{self._head}{row}{self._tail}")
        self._misfits.log()

    def _plain_row(self, values: Sequence[Any]) -> str | None:
        """A row of printable texts and then of numbers that JSON writes as Python does; else None.

        Nearly all rows are such; this calls nothing of ours, as each call takes its time.
        """
        texts, numbers = values[: self._texts], [*values[self._texts :]]
        if (
            len(values) != len(self._columns)
            or not PLAIN_NUMBERS.issuperset(map(type, numbers))
            or not TEXTS.issuperset(map(type, texts))
        ):
            return None
        said, written = "".join(texts), repr(numbers)
        # "n" is in nan and inf; escapes begin with a backslash
        if "n" in written or not said.isascii() or not said.isprintable():
            return None
        if (
            '"' in said
            or "\\" in said
            or not -EXACT_INTEGERS <= min(numbers) <= max(numbers) <= EXACT_INTEGERS
        ):
            return None
        quoted = "".join([f'"{text}",' for text in texts])
        return f"{quoted}{written[1:-1].replace(', ', ',')}"

    def _stored(self, value: Any, type_: str, name: str) -> Any:
        where = f"attribute {name!r}"
        try:
            return stored_value(value, type_, where)
        except ElementError as error:
            self._misfits.add(Misfit(where, name, value, error))
            return None


def _plain(value: Any, type_: str) -> str | None:
    """A common value as JSON, as `stored_value` and `encode` would return it; None for others.

    Nearly all values of an epoch are common ones, and an encoder takes three times as long.
    """
    kind = type(value)
    if type_ == "NUMERIC":
        if kind is float:
            return float.__repr__(value) if value - value == 0.0 else None  # no NaN, no infinity
        return int.__repr__(value) if kind is int and abs(value) <= EXACT_INTEGERS else None
    return plain_text(value) if kind is str else None
