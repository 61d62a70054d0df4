"""The exact learning rate of an optimizer, read without calling anything of the user's.

A callable or a custom schedule may return another value at each call, so it is not called: its rate
is None. Keras' own schedules are pure functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from .._tracking.stateless import stateless_value
from .host_schedules import host_rate
from .numbers import number_of, shortest

__all__ = [
    "common",
    "current_value",
    "inner_optimizers",
    "is_keras_schedule",
    "is_multi",
    "learning_rate",
    "step_of",
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
    if hasattr(optimizer, "known_rate"):  # one whose rate only its loop knows
        return _number(optimizer.known_rate)
    rate: Any = getattr(optimizer, "_learning_rate", None)
    if is_keras_schedule(rate):
        # with gradient accumulation `iterations` is divided; the schedule counts `_iterations`
        found = host_rate(rate, step_of(optimizer, model))
        rate = rate(current_value(optimizer._iterations, model)) if found is None else found
    elif rate is None or (callable(rate) and not isinstance(rate, keras.Variable)):
        return None
    else:
        rate = current_value(rate, model)
    return shortest(number_of(rate))


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


def step_of(optimizer: Any, model: Any) -> int:
    """How many steps an optimizer has taken: one for each batch, also with accumulated gradients.

    Raises:
        AttributeError: the optimizer counts none.
    """
    return int(number_of(current_value(optimizer._iterations, model)))


def current_value(variable: Any, model: Any) -> Any:
    """The variable, or its newer value in the state of JAX's trainer, or of a loop.

    Asking the model for its state would copy all of it (`jax_state_sync`).
    """
    held = stateless_value(variable)
    if held is not None:
        return held
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


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
