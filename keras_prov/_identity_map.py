"""A weak mapping by identity, for what we know of an object: nothing may be stored on a model.

A Keras model tracks what is set on it (dictionaries, metrics, layers), and a user's subclass may
define equality without a hash. So objects are looked up by identity, and their entries are dropped
when they are deleted.
"""

from __future__ import annotations

import weakref
from typing import Generic, TypeVar

__all__ = ["WeakIdentityMap"]

Value = TypeVar("Value")


class WeakIdentityMap(Generic[Value]):
    """A mapping from live objects to values; an entry is dropped when its object is deleted."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[object], Value]] = {}

    def get(self, key: object) -> Value | None:
        """The value of `key`, or None."""
        entry = self._entries.get(id(key))
        return entry[1] if entry is not None and entry[0]() is key else None

    def set(self, key: object, value: Value) -> None:
        """Set the value of `key`, as long as it lives."""
        number = id(key)
        self._entries[number] = (weakref.ref(key, lambda _: self._entries.pop(number, None)), value)

    def pop(self, key: object) -> Value | None:
        """Remove `key`; returns its value, or None."""
        value = self.get(key)
        if value is not None:
            del self._entries[id(key)]
        return value

    def objects(self) -> list[object]:
        """The live objects, oldest first."""
        living = [reference() for reference, _ in list(self._entries.values())]
        return [value for value in living if value is not None]

    def __len__(self) -> int:
        return len(self._entries)
