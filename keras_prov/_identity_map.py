"""What is known of an object without touching it: nothing may be stored on a model.

A Keras model tracks what is set on it (dictionaries, metrics, layers), and a user's subclass may
define equality without a hash; so objects are known by identity, and forgotten when they are gone.
"""

from __future__ import annotations

import weakref
from typing import Generic, TypeVar

__all__ = ["WeakIdentityMap"]

Value = TypeVar("Value")


class WeakIdentityMap(Generic[Value]):
    """A mapping from living objects to values; an entry goes when its object does."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[object], Value]] = {}

    def get(self, key: object) -> Value | None:
        """The value of `key`, or None."""
        entry = self._entries.get(id(key))
        return entry[1] if entry is not None and entry[0]() is key else None

    def set(self, key: object, value: Value) -> None:
        """Remember `value` while `key` lives."""
        number = id(key)
        self._entries[number] = (weakref.ref(key, lambda _: self._entries.pop(number, None)), value)

    def pop(self, key: object) -> Value | None:
        """Forget `key`; its value, or None."""
        value = self.get(key)
        if value is not None:
            del self._entries[id(key)]
        return value

    def objects(self) -> list[object]:
        """The living objects, oldest first."""
        living = [reference() for reference, _ in list(self._entries.values())]
        return [each for each in living if each is not None]

    def __len__(self) -> int:
        return len(self._entries)
