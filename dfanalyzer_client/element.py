"""An element: one row of a set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .declarations.values import text_of
from .errors import ElementError

__all__ = ["Element"]


class Element:
    """The values of one row, in the order of the set's attributes; None is a missing value."""

    def __init__(self, values: Sequence[Any]) -> None:
        """Keep `values`; raises ElementError when they are not a list."""
        self.values = values

    @property
    def values(self) -> list[str]:
        """The values as texts, as DfAnalyzer's client has them; sent are those that were given."""
        return [text_of(value) for value in self._values]

    @values.setter
    def values(self, values: Sequence[Any]) -> None:
        if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
            raise ElementError(f"An Element takes a list of values. Received: {values!r}.")
        self._values = list(values)

    def get_specification(self) -> list[Any]:
        """The element as it stands in a message."""
        return list(self._values)

    def __repr__(self) -> str:
        return f"Element({self._values!r})"
