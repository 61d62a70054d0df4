"""What Keras forgets of `compile()`: whether an optimizer was given, or its default taken.

A model with a `train_step` of its own is often compiled without one (a GAN's two optimizers are its
own affair); Keras then makes an RMSprop that nobody uses, and that is no hyperparameter.
"""

from __future__ import annotations

from typing import Any

import keras

from .._identity_map import WeakIdentityMap

__all__ = ["chosen_optimizer", "remember_compilation", "trains_itself"]

STEPS = ("train_step", "make_train_function")
"""What a user overrides to train in another way than Keras."""

_without_optimizer: WeakIdentityMap[bool] = WeakIdentityMap()


def remember_compilation(model: Any, *, has_optimizer: bool) -> None:
    """Remember a call of `compile`."""
    _without_optimizer.set(model, not has_optimizer)


def chosen_optimizer(model: Any) -> Any:
    """The optimizer that trains the model, the loss scaling around it; None when it is unknown."""
    if _without_optimizer.get(model) and trains_itself(type(model)):
        return None
    return getattr(model, "optimizer", None)


def trains_itself(class_: type) -> bool:
    """Whether the steps of a training are the user's code, not Keras'."""
    return any(_defines(class_, name) for name in STEPS)


def _defines(class_: type, name: str) -> bool:
    for each in class_.__mro__:
        if name in vars(each):
            return not each.__module__.startswith(keras.__name__ + ".")
    return False
