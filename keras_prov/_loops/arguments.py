"""The models and optimizers that a loop is said to train, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from .._guard import guarded
from .._inspection.numbers import shortest
from .._inspection.optax_parts import by_keras_names, by_part, injected, optax_parts, optax_rate

__all__ = ["Foreign", "named_models", "named_optimizers_of"]

EXAMPLE = "as in keras_prov.training(model), or keras_prov.training({'generator': g, 'critic': c})"


class Foreign:
    """An optimizer that cannot be referred to weakly, such as optax's tuples of functions.

    Args:
        optimizer: the optimizer itself.
        rate: its learning rate, if it is known; a loop may assign another one.
    """

    def __init__(self, optimizer: Any, rate: float | None = None) -> None:
        self.wrapped, self.known_rate = optimizer, rate
        self.known_config: dict[str, Any] = {}

    @classmethod
    def of_optax(cls, optimizer: Any) -> Foreign:
        """An optimizer with what can be read of it."""
        made = cls(optimizer)
        with guarded("an optimizer of optax", lost="its arguments"):
            parts = optax_parts(optimizer)
            made.known_rate = optax_rate(parts)
            made.known_config = by_part(parts)
            vars(made).update(by_keras_names(parts))
        return made

    def learn(self, state: Any) -> None:
        """Take the rate and other numbers from a state that has them: `inject_hyperparams`."""
        found = injected(state)
        if found:
            rate = found.get("learning_rate")
            self.known_rate = None if rate is None else shortest(rate)
            numbers = {name: shortest(value) for name, value in found.items()}
            vars(self).update(by_keras_names([("", numbers)]))


def named_models(given: Any) -> dict[str, Any]:
    """The models by name: as in a dictionary, else by the names that they have.

    Raises:
        TypeError: something is no model of Keras, or there is none.
    """
    listed = given if isinstance(given, (list, tuple, Mapping)) else [given]
    if isinstance(listed, Mapping):
        named = {str(name): model for name, model in listed.items()}
    else:
        named = {}
        for place, model in enumerate(listed):
            name = str(getattr(model, "name", place))
            named[name if name not in named else f"{name}[{place}]"] = model
    wrong = [model for model in named.values() if not isinstance(model, keras.Model)]
    if wrong or not named:
        shown = type(wrong[0]).__name__ if wrong else repr(given)
        raise TypeError(f"Expected a Keras model, or several, {EXAMPLE}. Received: {shown}.")
    return named


def named_optimizers_of(given: Any) -> dict[str, Any]:
    """The optimizers by name, each as an object that can be referred to weakly."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        named = {str(name): optimizer for name, optimizer in given.items()}
    elif isinstance(given, list) or type(given) is tuple:  # optax's are tuples with names
        named = {f"optimizers[{place}]": optimizer for place, optimizer in enumerate(given)}
    else:
        named = {"optimizer": given}
    return {name: _referable(optimizer) for name, optimizer in named.items()}


def _referable(optimizer: Any) -> Any:
    if not isinstance(optimizer, tuple):
        return optimizer
    class_: Any = type(type(optimizer).__name__, (Foreign,), {})
    return class_.of_optax(optimizer)
