"""Steps that change layers themselves, LoRA and quantization, until an execution records them.

A step is kept with the layers that it changed, so a model that is made of them later has it, too.
Each model has it recorded once: at once if it has an execution, else when one begins.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from .._identity_map import WeakIdentityMap

__all__ = [
    "ChangedLayer",
    "LayerState",
    "Modification",
    "are_modifications_known",
    "modifications_of",
    "outermost",
    "remember_modification",
]


class LayerState(NamedTuple):
    """What such a step changes of a layer.

    Attributes:
        rank: of its LoRA; None without one.
        alpha: what the product of its LoRA is scaled by, before the rank.
        dtype: name of its dtype policy.
        mode: how it is quantized; None if it is not.
        trainable: how many of its numbers are trained.
    """

    rank: int | None
    alpha: float | None
    dtype: str | None
    mode: str | None
    trainable: int | None


class ChangedLayer(NamedTuple):
    """A layer's class, and its state before and after."""

    name: str
    class_: str
    before: LayerState
    after: LayerState


@dataclass(eq=False)
class Modification:
    """One call of the user's that has changed layers.

    Attributes:
        step: ``enable_lora`` or ``quantize``.
        began: when it was called.
        arguments: of the call, as JSON.
        place: file and line of the call; None if it was not in the user's code.
        ended: when it was over.
        error: what it raised, if it did.
        layers: what it changed, by layer.
        models: the models that have it recorded.
    """

    step: str
    began: str
    arguments: str
    place: str | None
    ended: str | None = None
    error: str | None = None
    layers: WeakIdentityMap[ChangedLayer] = field(default_factory=WeakIdentityMap)
    models: WeakIdentityMap[bool] = field(default_factory=WeakIdentityMap)


_steps: WeakIdentityMap[list[Modification]] = WeakIdentityMap()
"""The steps that have changed a layer, in their order."""

_inside = threading.local()


def remember_modification(modification: Modification) -> None:
    """Keep a step with the layers that it has changed."""
    for layer in modification.layers.objects():
        _steps.set(layer, [*(_steps.get(layer) or []), modification])


def are_modifications_known() -> bool:
    """Whether any layer was changed."""
    return bool(len(_steps))


def modifications_of(layers: Sequence[object]) -> list[Modification]:
    """The steps that have changed any of these layers, in their order."""
    found = {id(step): step for layer in layers for step in _steps.get(layer) or []}
    return sorted(found.values(), key=lambda step: step.began)


@contextmanager
def outermost() -> Iterator[bool]:
    """What changes layers in the block is part of another step; True for the outermost."""
    is_first = not getattr(_inside, "depth", 0)
    _inside.depth = getattr(_inside, "depth", 0) + 1
    try:
        yield is_first
    finally:
        _inside.depth -= 1
