"""Changes that set an attribute without wrapping it.

An `Addition` adds a method, an `Alias` follows a wrapped function to where it was imported, and a
`Replacement` puts another value into a module. Like a `Patch`, all of them return their exact undo.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .change import Owner, Undo, label, resolved

__all__ = ["Addition", "Alias", "Replacement"]


class Addition:
    """Give `owner` a method, or another attribute, that it does not have.

    Args:
        owner: a class, or a function that finds it.
        name: the attribute's name.
        value: the function that becomes the method, or a descriptor.
    """

    def __init__(self, owner: Owner, name: str, value: Any) -> None:
        self.owner = owner
        self.name = name
        self.value = value

    def __str__(self) -> str:
        return label(self.owner, self.name)

    def apply(self) -> Undo:
        """Set the attribute; see `Change.apply`.

        Raises:
            AttributeError: `owner` already has or inherits an attribute of that name.
        """
        owner = resolved(self.owner)
        if isinstance(owner, ModuleType):
            raise TypeError(f"Methods are added to classes. Received: {owner!r}.")
        existing = inspect.getattr_static(owner, self.name, self.value)
        if existing is not self.value and not _is_ours(existing):
            raise AttributeError(
                f"{owner.__name__} has an attribute {self.name!r} already, which is not replaced.",
                name=self.name,
                obj=owner,
            )
        setattr(owner, self.name, self.value)
        return _Removal(owner, self.name, self.value)


class _Removal:
    """Removes an attribute that was added."""

    def __init__(self, owner: type, name: str, value: Any) -> None:
        self._owner, self._name, self._value = owner, name, value

    def __call__(self) -> bool:
        if vars(self._owner).get(self._name) is self._value:
            delattr(self._owner, self._name)
        return self._name not in vars(self._owner)

    def is_on(self) -> bool:
        return self._name in vars(self._owner)  # whoever has replaced it


class Alias:
    """Let a module that has imported a function by name use the wrapped one as well.

    Args:
        owner: finds the module that imported it.
        source: finds the module that defines it, where a `Patch` has wrapped it.
        name: the function's name in both.
    """

    def __init__(
        self, owner: Callable[[], ModuleType], source: Callable[[], ModuleType], name: str
    ) -> None:
        self.owner = owner
        self.source = source
        self.name = name

    def __str__(self) -> str:
        return label(self.owner, self.name)

    def apply(self) -> Undo:
        """Set the attribute; see `Change.apply`."""
        owner, name = self.owner(), self.name
        wrapper, raw = vars(self.source())[name], inspect.getattr_static(owner, name)
        if getattr(wrapper, "__wrapped__", None) is not raw:
            return _Restoring(owner, name, raw, raw)  # somebody else's: left alone
        setattr(owner, name, wrapper)
        return _Restoring(owner, name, raw, wrapper)


class Replacement:
    """Replace a value in a module.

    If the module has no such value in this version of the library, nothing is changed.

    Args:
        owner: finds the module.
        name: the attribute.
        replaced: returns the new value, given the old one.
    """

    def __init__(
        self, owner: Callable[[], ModuleType], name: str, replaced: Callable[[Any], Any]
    ) -> None:
        self.owner = owner
        self.name = name
        self.replaced = replaced

    def __str__(self) -> str:
        return label(self.owner, self.name)

    def apply(self) -> Undo:
        """Set the attribute; see `Change.apply`."""
        owner = self.owner()
        raw = value = vars(owner).get(self.name)
        if raw is not None:
            value = self.replaced(raw)
            setattr(owner, self.name, value)
        return _Restoring(owner, self.name, raw, value)


class _Restoring:
    """Restores an attribute's value, if ours is still there."""

    def __init__(self, owner: ModuleType, name: str, raw: Any, value: Any) -> None:
        self._owner, self._name, self._raw, self._value = owner, name, raw, value

    def __call__(self) -> bool:
        if vars(self._owner).get(self._name) is self._value and self._value is not self._raw:
            setattr(self._owner, self._name, self._raw)
        return vars(self._owner).get(self._name) is self._raw

    def is_on(self) -> bool:
        return vars(self._owner).get(self._name) is self._value


def _is_ours(function: Any) -> bool:
    """Whether this package has defined it, or an earlier copy of this package."""
    module = getattr(function, "__module__", None) or ""
    return module.partition(".")[0] == __name__.partition(".")[0]
