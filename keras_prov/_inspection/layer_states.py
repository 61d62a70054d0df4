"""What LoRA and quantization change of layers, read before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from .._tracking.modifications import ChangedLayer, LayerState

__all__ = ["changed_layers", "states_within"]


def states_within(root: Any) -> dict[int, tuple[Any, LayerState]]:
    """The states of a layer and of those within it, by their identities."""
    return {id(layer): (layer, _state(layer)) for layer in root._flatten_layers() if _ends(layer)}


def changed_layers(
    before: Mapping[int, tuple[Any, LayerState]],
) -> Iterator[tuple[Any, ChangedLayer]]:
    """The layers whose LoRA or dtype is not what it was."""
    for layer, old in before.values():
        new = _state(layer)
        if new[:-1] != old[:-1]:
            yield layer, ChangedLayer(str(layer.name), type(layer).__name__, old, new)


def _ends(layer: Any) -> bool:
    """Whether it can be changed: one that only holds other layers has nothing of its own."""
    return hasattr(layer, "enable_lora") or len(list(layer._flatten_layers())) == 1


def _state(layer: Any) -> LayerState:
    enabled = bool(getattr(layer, "lora_enabled", False))
    policy = getattr(layer, "dtype_policy", None)
    return LayerState(
        getattr(layer, "lora_rank", None) if enabled else None,
        getattr(layer, "lora_alpha", None) if enabled else None,
        getattr(policy, "name", None),
        getattr(policy, "quantization_mode", None),
        _trainable(layer),
    )


def _trainable(layer: Any) -> int | None:
    try:
        return sum(int(math.prod(weight.shape)) for weight in layer.trainable_weights)
    except Exception:  # a property of the user's, or weights without a shape
        return None
