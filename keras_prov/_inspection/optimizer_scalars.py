"""Numbers of an optimizer that Python has, so that reading them asks no device."""

from __future__ import annotations

from typing import Any

from .optimizer_arguments import ARGUMENTS
from .param_groups import group_scalars

__all__ = ["optimizer_scalars"]


def optimizer_scalars(optimizer: Any) -> dict[str, float]:
    """The plain numbers of an optimizer by the names that Keras has for them, without its rate."""
    groups = group_scalars(optimizer)
    if groups is not None:
        return groups
    found = {name: getattr(optimizer, name, None) for name in ("momentum", *ARGUMENTS)}
    return {name: value for name, value in found.items() if isinstance(value, (int, float))}
