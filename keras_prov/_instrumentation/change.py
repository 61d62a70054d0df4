"""Changes of somebody else's class or module: they can be applied, and undone exactly."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol, TypeAlias

__all__ = ["Around", "Change", "Original", "Owner", "Undo", "label", "resolved"]

Original: TypeAlias = Callable[..., Any]
Around: TypeAlias = Callable[[Original, tuple[Any, ...], dict[str, Any]], Any]
Owner: TypeAlias = "type | ModuleType | Callable[[], type | ModuleType]"


class Undo(Protocol):
    """Undoes a change that was made."""

    def __call__(self) -> bool:
        """Undo the change; harmless when called again.

        Returns:
            Whether nothing of ours is left. False if somebody has wrapped on top of it; calling
            again may succeed once theirs is gone.
        """

    def is_on(self) -> bool:
        """Whether the change is still in force, as far as we can see."""


class Change(Protocol):
    """Something that can be applied to Keras and undone."""

    def apply(self) -> Undo:
        """Make the change; returns its exact undo."""


def resolved(owner: Owner) -> type | ModuleType:
    """The class or module itself, for which a function may stand."""
    return owner if isinstance(owner, (type, ModuleType)) else owner()


def label(owner: Owner, name: str) -> str:
    """The attribute's name with its owner's, for messages."""
    return f"{resolved(owner).__name__}.{name}"
