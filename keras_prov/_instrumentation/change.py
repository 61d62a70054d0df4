"""What a change of somebody else's class or module is: it can be applied, and undone exactly."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol, TypeAlias

__all__ = ["Around", "Change", "Original", "Owner", "Undo", "label", "resolved"]

Original: TypeAlias = Callable[..., Any]
Around: TypeAlias = Callable[[Original, tuple[Any, ...], dict[str, Any]], Any]
Owner: TypeAlias = "type | ModuleType | Callable[[], type | ModuleType]"


class Undo(Protocol):
    """A change that was made, and may be taken back exactly."""

    def __call__(self) -> bool:
        """Take the change back; harmless when called again.

        Returns:
            Whether the attribute is free of us: False where somebody has wrapped on top, who may
            let go of it later.
        """

    def is_on(self) -> bool:
        """Whether the change is in force, as far as can be seen: others may have undone it."""


class Change(Protocol):
    """Something that can be applied to Keras, and undone."""

    def apply(self) -> Undo:
        """Make the change; its exact undo."""


def resolved(owner: Owner) -> type | ModuleType:
    """The class or module itself, for which a function may stand."""
    return owner if isinstance(owner, (type, ModuleType)) else owner()


def label(owner: Owner, name: str) -> str:
    """The attribute's name with its owner's, for messages."""
    return f"{resolved(owner).__name__}.{name}"
