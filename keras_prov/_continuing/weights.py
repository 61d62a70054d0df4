"""Weights of layers that are the same in two models, taken over from one to the other.

A layer is the same if its counterpart has the same class, and weights of the same shapes and types.
Optimizers are not: their state belongs to weights that may be new.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np

from dfanalyzer_client.executions.layer_pairs import layer_pairs

from .._inspection.layers import layers_by_path
from .._recording.continuation import Continuation
from .model_layers import layers_of

__all__ = ["take_over"]


def take_over(continuation: Continuation, model: Any) -> None:
    """Take over the weights of layers of `model`, which is built, from the model before."""
    earlier, continuation.earlier = continuation.earlier, None
    taken, new = list[str](), list[str]()
    left_out = dict[str, str]()
    for name, source, target in _counterparts(earlier, model):
        misfit = None if source is None else _misfit(source, target)
        if source is None:
            new.append(name)
        elif misfit is None:
            _copy(source, target)
            taken.append(name)
        else:
            left_out[name] = misfit
    continuation.taken, continuation.new = tuple(taken), tuple(new)
    continuation.left_out, continuation.is_applied = left_out, True


def _counterparts(earlier: Any, model: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each layer of `model` with weights of its own: its name, its counterpart, and itself."""
    if _own(model):
        yield model.name, earlier if type(earlier) is type(model) else None, model
    sources, targets = layers_by_path(earlier), layers_by_path(model)
    for old, new in layer_pairs(layers_of(earlier), layers_of(model)):
        target = None if new is None else targets[new["name"]]
        if new is not None and _own(target):
            yield new["name"], None if old is None else sources[old["name"]], target


def _own(layer: Any) -> list[Any]:
    """The weights of a layer itself, without those of layers in it."""
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _misfit(source: Any, target: Any) -> str | None:
    """Why the weights of one do not fit the other; None if they do."""
    before, after = ([_form(weight) for weight in _own(layer)] for layer in (source, target))
    if before == after:
        return None
    return f"{', '.join(before) or 'no weights'} → {', '.join(after)}"


def _form(weight: Any) -> str:
    return f"{tuple(weight.shape)} {weight.dtype}"


def _copy(source: Any, target: Any) -> None:
    """Copy as files of Keras would, so that layers that derive something from weights do so."""
    if source is target:
        return
    kept: dict[str, Any] = {}
    with _outside_of_graphs():
        source.save_own_variables(kept)
        copied = {name: np.array(keras.ops.convert_to_numpy(kept[name])) for name in kept}
        target.load_own_variables(copied)


def _outside_of_graphs() -> AbstractContextManager[Any]:
    """TensorFlow may be tracing the first step, whose graph must not hold the weights."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or keras.backend.backend() != "tensorflow":
        return nullcontext()
    scope: AbstractContextManager[Any] = tensorflow.init_scope()
    return scope
