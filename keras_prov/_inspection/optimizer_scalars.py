"""Numbers of an optimizer that Python has, so that reading them asks no device."""

from __future__ import annotations

import weakref
from typing import Any

from .optimizer_arguments import ARGUMENTS
from .param_groups import group_scalars

__all__ = ["optimizer_scalars"]


def optimizer_scalars(optimizer: Any) -> dict[str, float]:
    """The plain numbers of an optimizer by the names that Keras has for them, without its rate."""
    groups = group_scalars(optimizer)
    if groups is not None:
        return groups
    found = {name: getattr(optimizer, name, None) for name in _names(type(optimizer), optimizer)}
    return {name: value for name, value in found.items() if isinstance(value, (int, float))}


def _names(class_: type, optimizer: Any) -> tuple[str, ...]:
    """The names that the optimizers of a class have: looking for others takes microseconds each."""
    known = _known.get(class_)
    if known is None:
        known = tuple(name for name in ("momentum", *ARGUMENTS) if hasattr(optimizer, name))
        _known[class_] = known
    return known


_known: weakref.WeakKeyDictionary[type, tuple[str, ...]] = weakref.WeakKeyDictionary()
