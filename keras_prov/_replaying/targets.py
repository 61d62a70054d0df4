"""What a change is made to, found in the training that replays it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from .._inspection.learning_rate import learning_rate
from .._inspection.optimizers import main_optimizer, named_optimizers
from .._steering.optimizer_values import GROUPS, set_optimizer_value
from .._steering.step import is_compiled
from .._steering.targets import named_callbacks
from .plan import RATE, Change

__all__ = ["set_value", "targets_of", "value_of"]


def targets_of(change: Change, model: Any, callbacks: Sequence[Any]) -> list[Any]:
    """The optimizers or the callback that a change is made to.

    Raises:
        ValueError: this training has none such, or the change would not take effect.
    """
    owner, _, attribute = change.attribute.rpartition(".")
    named = named_callbacks(callbacks)
    targets = [named[owner]] if owner in named else []
    if not targets:
        targets = _optimizers(change, owner, model)
    if not targets:
        name = change.optimizer or owner or "the optimizer"
        raise ValueError(
            f"The change of {change.attribute} at epoch {change.epoch} cannot be replayed: this "
            f"training has no {name!r}. Compile the model, and give fit() the callbacks, as in the "
            "execution that is replayed."
        )
    for target in targets:
        _check(change, target, attribute, model)
    return targets


def value_of(target: Any, change: Change, model: Any) -> Any:
    """The value that is to be changed, as it is now."""
    attribute = change.attribute.rpartition(".")[2]
    if attribute == RATE and not isinstance(target, keras.callbacks.Callback):
        return learning_rate(target, model)
    value = getattr(target, attribute, None)
    return float(value) if isinstance(value, keras.Variable) else value


def set_value(target: Any, change: Change) -> None:
    """Make the change."""
    attribute = change.attribute.rpartition(".")[2]
    if isinstance(target, keras.callbacks.Callback):
        setattr(target, attribute, change.new)
    else:
        set_optimizer_value(target, attribute, change.new)


def _optimizers(change: Change, owner: str, model: Any) -> list[Any]:
    """By the name that was recorded; without one, the optimizer given to `compile()`."""
    name = change.optimizer or owner
    named = named_optimizers(model)
    if not name:
        main = main_optimizer(model)
        parts = [each.optimizer for each in named if each.group == "optimizer"]
        return parts or ([] if main is None else [main])
    exact = [each.optimizer for each in named if each.name == name]
    return exact or [each.optimizer for each in named if each.group == name]


def _check(change: Change, target: Any, attribute: str, model: Any) -> None:
    """Raise ValueError if a change would not take effect."""
    if isinstance(target, keras.callbacks.Callback) or isinstance(
        getattr(target, GROUPS, None), list
    ):
        return
    if attribute == RATE:
        rate = getattr(target, "_learning_rate", None)
        if not isinstance(rate, keras.Variable):
            raise ValueError(
                f"The rate that was set at epoch {change.epoch} cannot be set again: in this "
                f"training it is governed by {type(rate).__name__}. Compile the model with a "
                "number as its learning rate."
            )
    elif not isinstance(getattr(target, attribute, None), keras.Variable) and is_compiled(model):
        raise ValueError(
            f"{attribute}, which was set at epoch {change.epoch}, is a constant of the compiled "
            "step. Compile the model with run_eagerly=True, as in the execution that is replayed."
        )
