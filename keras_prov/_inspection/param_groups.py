"""The numbers in the groups of an optimizer of PyTorch, by the names that Keras has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .learning_rate import common

__all__ = ["group_scalars"]

RATE = "lr"
OF_TORCH = {"eps": "epsilon", "alpha": "rho"}
"""What PyTorch calls otherwise than Keras."""


def group_scalars(optimizer: Any) -> dict[str, float] | None:
    """Numbers that all groups of an optimizer of PyTorch have in common; None for any other."""
    groups: Any = getattr(optimizer, "param_groups", None)
    if not isinstance(groups, list) or not groups:
        return None
    listed = [dict(_named(group)) for group in groups]
    shared = {name: common([each.get(name) for each in listed]) for name in listed[0]}
    scalars: dict[str, float] = {}
    for name, value in shared.items():
        if value is not None:
            scalars[name] = value
    return scalars


def _named(group: Mapping[str, Any]) -> list[tuple[str, float]]:
    found: list[tuple[str, Any]] = []
    for name, value in group.items():
        if name == "betas" and isinstance(value, (list, tuple)):
            found += [(f"beta_{place}", each) for place, each in enumerate(value, 1)]
        elif name != RATE:
            found.append((OF_TORCH.get(name, name), value))
    return [(name, value) for name, value in found if isinstance(value, (int, float))]
