"""A call of `fit`: the model, the arguments, and what they imply."""

from __future__ import annotations

import functools
import numbers
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from .optimizers import NamedOptimizer, main_optimizer, named_optimizers

__all__ = ["DEFAULT_BATCH_SIZE", "FitCall"]

DEFAULT_BATCH_SIZE = 32
"""Keras' default for arrays (keras.Model.fit)."""

KEEPING_BATCHES = ("Prefetch", "Cache", "Options", "Repeat", "Take", "Skip", "Shuffle")
"""Parts of the names of tf.data's classes that do not change the size of batches.

``map``, ``flat_map`` and the like are not among them: their functions may return any batch.
"""


@dataclass(frozen=True)
class FitCall:
    """The model that is fitted and the arguments of `fit`, with its defaults."""

    model: Any
    arguments: Mapping[str, Any]

    @property
    def models(self) -> list[Any]:
        """The models that are trained; of a `fit`, one."""
        return [self.model]

    @property
    def trainer(self) -> Any:
        """The model whose own code takes the steps; None if a loop of the user's does."""
        return self.model

    @property
    def scaled_optimizer(self) -> Any:
        """The optimizer with any loss scaling around it."""
        return self.model.optimizer

    @property
    def optimizer(self) -> Any:
        """The optimizer given to `compile()`, without loss scaling."""
        return main_optimizer(self.model)

    @property
    def optimizers(self) -> list[NamedOptimizer]:
        """All optimizers that train the model; a MultiOptimizer is replaced by its parts."""
        return named_optimizers(self.model)

    @functools.cached_property
    def callbacks(self) -> list[Any]:
        """The user's callbacks, in Keras' order, at the first call.

        `Training` calls this before it adds its own to the user's `CallbackList`.
        """
        return list(_flattened(self.arguments.get("callbacks")))

    @property
    def samples(self) -> int | None:
        """Samples of an epoch, if arrays were given; those held out for validation do not count."""
        data = self.arguments.get("x")
        if not is_array(data):
            return None
        count = int(keras.tree.flatten(data)[0].shape[0])
        held_out = self.arguments.get("validation_split") or 0.0
        if held_out and self.arguments.get("validation_data") is None:
            return int(np.floor(count * (1.0 - held_out)))  # as Keras' train_validation_split
        return count

    @property
    def batch_size(self) -> int | None:
        """Samples in a batch; None if only the data know."""
        data, given = self.arguments.get("x"), self.arguments.get("batch_size")
        samples = self.samples
        if samples is None:
            return _batch_size_of(data)
        steps = self.arguments.get("steps_per_epoch")
        if not given and steps:
            return int(np.ceil(samples / steps))
        return int(given or DEFAULT_BATCH_SIZE)


def _flattened(given: Any) -> Iterator[Any]:
    """The callbacks; of a `CallbackList` without those that Keras may have added."""
    if isinstance(given, keras.callbacks.CallbackList):
        plain = (keras.callbacks.History, keras.callbacks.ProgbarLogger)
        given = [callback for callback in given.callbacks if type(callback) not in plain]
    for callback in keras.tree.flatten(given):
        if isinstance(callback, keras.callbacks.CallbackList):
            yield from _flattened(callback)
        elif callback is not None:
            yield callback


def is_array(data: Any) -> bool:
    """Whether `data` are arrays, tensors or data frames, which Keras divides into batches."""
    leaves = keras.tree.flatten(data)
    return bool(leaves) and all(
        getattr(leaf, "shape", None) and not hasattr(leaf, "element_spec") for leaf in leaves
    )


def _batch_size_of(data: Any) -> int | None:
    """The batch size of a dataset that makes its own batches, if it can be known."""
    size = getattr(data, "batch_size", None)  # torch's DataLoader, many PyDatasets
    if isinstance(size, numbers.Integral):
        return int(size)
    spec = getattr(data, "element_spec", None)  # tf.data
    leaves = keras.tree.flatten(spec) if spec is not None else []
    shape = getattr(leaves[0], "shape", None) if leaves else None
    if shape is not None and shape.rank and shape[0] is not None:
        return int(shape[0])
    return _tf_data_batch_size(data) if leaves else None


def _tf_data_batch_size(data: Any) -> int | None:
    """What was given to ``batch(…)`` without ``drop_remainder``; no element spec contains it."""
    for _ in range(20):
        size = getattr(data, "_batch_size", None)
        if size is not None:
            return int(size)
        if not any(word in type(data).__name__ for word in KEEPING_BATCHES):
            return None
        data = getattr(data, "_input_dataset", None)
    return None
