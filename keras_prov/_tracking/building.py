"""Models without an input shape, which Keras on TensorFlow builds with their first batch.

Their layers and parameters are known from then on, and are read when the optimizer is built. That
happens while the first step is traced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from .._identity_map import WeakIdentityMap

__all__ = ["forget_building", "is_built", "optimizer_is_built", "when_built"]

_waiting: WeakIdentityMap[Callable[[], None]] = WeakIdentityMap()


def is_built(model: Any) -> bool:
    """Whether the model and its layers have their weights."""
    try:
        return all(layer.built or _only_holds(layer) for layer in model._flatten_layers())
    except Exception:  # a user's property, or a trainer that is no layer
        return True


def _only_holds(layer: Any) -> bool:
    """Whether it is a model without a `call()`: only the models and layers in it are ever built."""
    has_call = type(layer).call is not keras.Model.call
    return isinstance(layer, keras.Model) and not has_call and bool(layer.layers)


def when_built(optimizer: Any, then: Callable[[], None]) -> None:
    """Call `then` once `optimizer` is built; call `forget_building` in the end."""
    if optimizer is not None:
        _waiting.set(optimizer, then)


def forget_building(optimizer: Any) -> None:
    """Stop waiting for an optimizer."""
    if optimizer is not None:
        _waiting.pop(optimizer)


def optimizer_is_built(optimizer: Any) -> None:
    """Call the function that waits for this optimizer, if any."""
    then = _waiting.pop(optimizer) if len(_waiting) else None
    if then is not None:
        then()
