"""The optimizers that train a model, by their names in the user's code.

Most models have one, given to `compile()`. A MultiOptimizer has several. A model with a
`train_step` of its own may keep some as attributes (a GAN's ``d_optimizer``, ``g_optimizer``), in
lists and dictionaries, and may use those of the models that it consists of.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras

from .._tracking.calls import chosen_optimizer, trains_itself
from .learning_rate import inner_optimizers, is_multi

__all__ = [
    "MAIN",
    "NamedOptimizer",
    "main_optimizer",
    "mapped_optimizers",
    "named_optimizers",
    "parts_of",
    "without_scaling",
]

MAIN = "optimizer"
"""Keras' attribute for the optimizer given to `compile()`."""

MAX_DEPTH = 3
"""Lists and models that are nested deeper are not searched."""

DEFAULT = "default"


class NamedOptimizer(NamedTuple):
    """An optimizer, without loss scaling.

    Attributes:
        name: ``optimizer``, ``d_optimizer``, ``optimizers[0]``, ``generator.optimizer``; for a part
            of a MultiOptimizer ``optimizer[its pattern]``.
        optimizer: the optimizer itself.
        group: name of the MultiOptimizer that it is part of, else its own name.
    """

    name: str
    optimizer: Any
    group: str


def named_optimizers(model: Any) -> list[NamedOptimizer]:
    """All optimizers that train `model`; the one given to `compile()` is first."""
    main = chosen_optimizer(model)
    found: dict[int, tuple[str, Any]] = {}
    if main is not None:
        found[id(without_scaling(main))] = MAIN, main
    for name, optimizer in _in_attributes(model):
        key = id(without_scaling(optimizer))
        if found.get(key, (MAIN,))[0] == MAIN:  # the user's name says more than Keras'
            found[key] = name, optimizer
    return [part for name, optimizer in found.values() for part in parts_of(name, optimizer)]


def main_optimizer(model: Any) -> Any:
    """The optimizer given to `compile()`, without loss scaling; None if none was given."""
    return without_scaling(chosen_optimizer(model))


def without_scaling(optimizer: Any) -> Any:
    """The optimizer inside a LossScaleOptimizer; any other as it is."""
    return getattr(optimizer, "inner_optimizer", None) or optimizer


def parts_of(name: str, optimizer: Any) -> Iterator[NamedOptimizer]:
    """An optimizer without loss scaling, or the parts of a MultiOptimizer."""
    optimizer = without_scaling(optimizer)
    if not is_multi(optimizer):
        yield NamedOptimizer(name, optimizer, name)
        return
    patterns: dict[int, list[str]] = {}
    for pattern, inner in mapped_optimizers(optimizer).items():
        patterns.setdefault(id(inner), []).append(pattern)
    for inner in inner_optimizers(optimizer):
        part = ", ".join(patterns.get(id(inner), [inner.name]))
        yield NamedOptimizer(f"{name}[{part}]", inner, name)


def mapped_optimizers(multi: Any) -> dict[str, Any]:
    """The optimizers of a MultiOptimizer by pattern, or by name if a function selects them."""
    chosen = getattr(multi, "_optimizer_map", None)
    if not isinstance(chosen, Mapping):
        return {inner.name: inner for inner in inner_optimizers(multi)}
    mapped = {str(pattern): optimizer for pattern, optimizer in chosen.items()}
    default = getattr(chosen, "default_optimizer", None)
    return mapped if default is None else {**mapped, DEFAULT: default}


def _in_attributes(model: Any) -> list[tuple[str, Any]]:
    """Optimizers in attributes; also in those of nested models, if the model trains itself."""
    with_parts = chosen_optimizer(model) is None and trains_itself(type(model))
    return list(_optimizers_of(model, "", {id(model)}, MAX_DEPTH, with_parts))


def _optimizers_of(
    owner: Any, prefix: str, seen: set[int], depth: int, with_parts: bool
) -> Iterator[tuple[str, Any]]:
    attributes = dict(getattr(owner, "__dict__", {}))
    if not prefix or chosen_optimizer(owner) is None:
        attributes.pop(MAIN, None)
    for name in [*filter(_is_public, attributes), *_hidden_optimizers(attributes)]:
        yield from _optimizers_in(attributes[name], f"{prefix}{name}", seen, depth, with_parts)


def _optimizers_in(
    value: Any, name: str, seen: set[int], depth: int, with_parts: bool
) -> Iterator[tuple[str, Any]]:
    if _is_optimizer(value):
        yield name, value
    elif depth and isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from _optimizers_in(item, f"{name}[{position}]", seen, depth - 1, with_parts)
    elif depth and isinstance(value, dict):
        for key, item in value.items():
            yield from _optimizers_in(item, f"{name}[{key}]", seen, depth - 1, with_parts)
    elif with_parts and depth and isinstance(value, keras.Model) and id(value) not in seen:
        seen.add(id(value))
        yield from _optimizers_of(value, f"{name}.", seen, depth - 1, with_parts)


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _hidden_optimizers(attributes: Mapping[str, Any]) -> list[str]:
    """Private attributes that are optimizers. Keras keeps lists in others, which do not count."""
    return [name for name in attributes if name[:1] == "_" and _is_optimizer(attributes[name])]


def _is_optimizer(value: Any) -> bool:
    if isinstance(value, keras.optimizers.Optimizer):
        return True
    torch = sys.modules.get("torch.optim")  # a train_step may use an optimizer of PyTorch
    return torch is not None and isinstance(value, getattr(torch, "Optimizer", ()))
