"""Set an optimizer's scalar, if that takes effect in the next step.

A variable of the backend does, as the learning rate is one. Other attributes are constants of a
compiled step; they take effect where the step runs eagerly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from .._inspection.constructor_arguments import parameters_of
from .._inspection.learning_rate import is_multi, learning_rate
from .refusal import Refusal
from .step import is_compiled
from .values import is_scalar, plain_value, same_kind

__all__ = ["GROUPS", "check_optimizer_value", "optimizer_value", "set_optimizer_value"]

RATE = "learning_rate"
GROUPS = "param_groups"
"""Where an optimizer of PyTorch has its scalars."""

STRUCTURAL = frozenset({"amsgrad", "centered", "gradient_accumulation_steps", "use_ema"})
"""What decides which variables an optimizer is built with."""

CLIPPING = frozenset({"clipnorm", "clipvalue", "global_clipnorm"})
CONTINUE = (
    "Stop the training, and continue it with keras_prov.continue_from(…) and another optimizer"
)


def optimizer_value(optimizer: Any, model: Any, name: str) -> Any:
    """The value that an attribute has now."""
    if name == RATE:
        return learning_rate(optimizer, model)
    if isinstance(getattr(optimizer, GROUPS, None), list):
        return optimizer.param_groups[0].get(name)
    return plain_value(getattr(optimizer, name))


def set_optimizer_value(optimizer: Any, name: str, value: Any) -> None:
    """Set what `check_optimizer_value` has checked."""
    groups = getattr(optimizer, GROUPS, None)
    if isinstance(groups, list):
        for group in groups:
            group["lr" if name == RATE else name] = value
    elif isinstance(getattr(optimizer, name), keras.Variable) and name != RATE:
        getattr(optimizer, name).assign(value)
    else:
        setattr(optimizer, name, value)


def check_optimizer_value(
    optimizer: Any, model: Any, name: str, given: Any, callbacks: Sequence[Any]
) -> Any:
    """The value as it is to be set.

    Raises:
        Refusal: it would not take effect, or must not.
    """
    if name == RATE:
        return _checked_rate(optimizer, given, callbacks)
    if isinstance(getattr(optimizer, GROUPS, None), list):
        return _checked_in_groups(optimizer, model, name, given)
    old = _settable(optimizer).get(name)
    if name not in _settable(optimizer):
        raise Refusal(
            f"{type(optimizer).__name__} has no number {name!r:.200}. It has: "
            f"{', '.join(_settable(optimizer))}."
        )
    value = None if given is None and _may_be_none(optimizer, name) else given
    if value is not None:
        value = same_kind(given, plain_value(old), name)
    if not isinstance(old, keras.Variable):
        _check_takes_effect(optimizer, model, name, plain_value(old), value)
    return value


def _checked_rate(optimizer: Any, given: Any, callbacks: Sequence[Any]) -> float:
    rate = float(same_kind(given, 0.0, "The learning rate"))
    if rate < 0:
        raise Refusal(f"The learning rate is 0 or more. Received: {given!r}.")
    current = getattr(optimizer, "_learning_rate", None)
    if current is not None and not isinstance(current, keras.Variable):
        raise Refusal(
            f"The learning rate is governed by {_name_of(current)}, which decides on it at each "
            f"step. {CONTINUE}."
        )
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.LearningRateScheduler) and _ignores_rate(callback):
            raise Refusal(
                "LearningRateScheduler sets the learning rate at the beginning of each epoch, from "
                "the epoch alone, so that a rate set here would not last. Its schedule would have "
                f"to take the rate as well: schedule(epoch, rate). {CONTINUE}."
            )
    return rate


def _ignores_rate(callback: Any) -> bool:
    """Whether the schedule takes the epoch only. Keras tries with the rate first."""
    import inspect

    try:
        inspect.signature(callback.schedule).bind(0, 0.0)
    except (TypeError, ValueError):
        return True
    return False


def _checked_in_groups(optimizer: Any, model: Any, name: str, given: Any) -> Any:
    scalars = {key: value for key, value in optimizer.param_groups[0].items() if is_scalar(value)}
    if name not in scalars:
        raise Refusal(
            f"{type(optimizer).__name__} has no number {name!r:.200}. It has: {', '.join(scalars)}."
        )
    value = same_kind(given, scalars[name], name)
    if is_compiled(model):
        raise _constant(optimizer, name)
    return value


def _check_takes_effect(optimizer: Any, model: Any, name: str, old: Any, new: Any) -> None:
    if name in STRUCTURAL or (name == "momentum" and not old and new and optimizer.built):
        raise Refusal(
            f"{type(optimizer).__name__} was built for {name}={old}, and lacks the variables that "
            f"{name}={new} needs. {CONTINUE}."
        )
    others = [each for each in CLIPPING - {name} if getattr(optimizer, each, None) is not None]
    if name in CLIPPING and new is not None and others:
        raise Refusal(f"{name} cannot be set, as the optimizer has {others[0]} already.")
    if is_compiled(model):
        raise _constant(optimizer, name)


def _constant(optimizer: Any, name: str) -> Refusal:
    return Refusal(
        f"{name} of {type(optimizer).__name__} is a constant of the compiled step: another value "
        f"would need a new compilation. {CONTINUE}, or compile the model with run_eagerly=True."
    )


def _settable(optimizer: Any) -> dict[str, Any]:
    """The scalars that the constructors of an optimizer's classes take, as they are now."""
    names = dict.fromkeys(
        name for class_ in type(optimizer).__mro__ for name in parameters_of(class_)
    )
    values = {
        name: getattr(optimizer, name) for name in names if name != RATE and _has(optimizer, name)
    }
    scalars = {
        name: value
        for name, value in values.items()
        if is_scalar(value) or (value is None and _may_be_none(optimizer, name))
    }
    return scalars if is_multi(optimizer) else {RATE: None, **scalars}


def _has(optimizer: Any, name: str) -> bool:
    return not name.startswith("_") and hasattr(optimizer, name)


def _may_be_none(optimizer: Any, name: str) -> bool:
    """Whether leaving the argument out means None."""
    for class_ in type(optimizer).__mro__:
        parameter = parameters_of(class_).get(name)
        if parameter is not None:
            return parameter.default is None
    return False


def _name_of(rate: Any) -> str:
    is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    return f"the schedule {type(rate).__name__}" if is_schedule else "a function"
