"""The exact learning rate of an optimizer, read without calling anything of the user's.

A callable or a custom schedule may return another value at each call, so it is not called: its rate
is None. Keras' own schedules are pure functions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

from .numbers import number_of, shortest

__all__ = [
    "RateReader",
    "common",
    "inner_optimizers",
    "is_keras_schedule",
    "is_multi",
    "learning_rate",
]

_MULTI: Any = getattr(keras.optimizers, "MultiOptimizer", ())  # Keras 3.12 has none


def learning_rate(optimizer: Any, model: Any = None) -> float | None:
    """The learning rate of the next step, as its shortest decimal; None when unknown.

    `model` is the one that is fitted: JAX keeps the optimizer's variables in its trainer meanwhile.
    """
    if is_multi(optimizer):
        inner = inner_optimizers(optimizer)
        rates: float | None = common(learning_rate(part, model) for part in inner)
        return rates
    groups: Any = getattr(optimizer, "param_groups", None)  # an optimizer of PyTorch
    if isinstance(groups, list):
        return _number(common(_number(group.get("lr")) for group in groups))
    rate: Any = getattr(optimizer, "_learning_rate", None)
    if is_keras_schedule(rate):
        # with gradient accumulation `iterations` is divided; the schedule counts `_iterations`
        rate = rate(_current(optimizer._iterations, model))
    elif rate is None or (callable(rate) and not isinstance(rate, keras.Variable)):
        return None
    else:
        rate = _current(rate, model)
    return shortest(number_of(rate))


class RateReader:
    """Reads an optimizer's rate repeatedly, as cheaply as the backend allows."""

    def __init__(self, optimizer: Any, model: Any) -> None:
        self.optimizer, self._model = optimizer, model
        self._variable = None if is_multi(optimizer) else getattr(optimizer, "_learning_rate", None)
        self._at = _arithmetic_of(self._variable)
        read = self._variable if self._at is None else getattr(optimizer, "_iterations", None)
        self._read_handle = _handle_reader(read)
        self._last: tuple[float, float] | None = None

    def read(self) -> float | None:
        """The learning rate now; see `learning_rate`."""
        if self._read_handle is None or self._variable is not self.optimizer._learning_rate:
            return learning_rate(self.optimizer, self._model)
        value = self._read_handle()
        rate = float(value) if self._at is None else self._at(int(value))
        if self._last is None or self._last[0] != rate:  # most rates stay the same for many epochs
            self._last = rate, shortest(rate)
        return self._last[1]


def is_multi(optimizer: Any) -> bool:
    """Whether it is a MultiOptimizer, which distributes variables to other optimizers."""
    return isinstance(optimizer, _MULTI)


def inner_optimizers(optimizer: Any) -> list[Any]:
    """The optimizers of a MultiOptimizer, whose own learning rate is an unused 0.

    Empty before the first step if a function selects them: Keras calls it then.
    """
    return list(optimizer.optimizers) if is_multi(optimizer) else []


def common(values: Iterable[Any]) -> Any:
    """The value that all have in common; None if they differ."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def is_keras_schedule(rate: Any) -> bool:
    """Whether `rate` is one of Keras' schedules, which are pure functions of the step."""
    is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    return is_schedule and type(rate).__module__.startswith("keras.")


def _arithmetic_of(schedule: Any) -> Callable[[int], float] | None:
    """A function for the rate of an InverseTimeDecay at a step: 2 µs where Keras takes 400.

    Its four operations are exactly rounded (IEEE 754), so the result is bit by bit what Keras
    computes with TensorFlow. That would not be certain for schedules with powers and cosines.
    """
    if type(schedule) is not keras.optimizers.schedules.InverseTimeDecay:
        return None
    given = schedule.initial_learning_rate, schedule.decay_steps, schedule.decay_rate
    if not isinstance(given[0], float) or not all(isinstance(e, (int, float)) for e in given[1:]):
        return None
    first, steps, decay = map(np.float32, given)  # as in TensorFlow, whatever floatx is
    staircase = bool(schedule.staircase)

    def at(step: int) -> float:
        part = np.float32(step) / steps
        return float(first / (np.float32(1) + decay * (np.floor(part) if staircase else part)))

    return at


def _current(variable: Any, model: Any) -> Any:
    """The variable, or its newer value in the state of JAX's trainer.

    Asking the model for its state would copy all of it (`jax_state_sync`).
    """
    state = getattr(model, "_jax_state", None)
    if not state or getattr(model, "_jax_state_synced", True):
        return variable
    values = state.get("optimizer_variables")
    if values is None:
        return variable
    for position, candidate in enumerate(model.optimizer.variables):
        if candidate is variable:
            return values[position]
    return variable


def _handle_reader(variable: Any) -> Callable[[], Any] | None:
    """A function that reads a plain TensorFlow variable in half the time that `float` takes."""
    if "tensorflow" not in sys.modules or keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    value: Any = getattr(variable, "_value", None)
    if type(value).__name__ != "ResourceVariable":  # a mirrored variable has several handles
        return None
    handle, dtype = value.handle, value.dtype
    return lambda: tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
