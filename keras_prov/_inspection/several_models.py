"""Several models that a loop trains together, such as a GAN's, read as if they were parts of one.

What reads a model (its layers, weights, optimizers) reads this object in its place. It is no Keras
object: creating one would change how the program's next objects are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["SeveralModels", "several_models"]


class SeveralModels:
    """Models by their names; each is also an attribute of that name, if it can be one."""

    def __init__(self, models: Mapping[str, Any]) -> None:
        self._models = dict(models)
        self.names = {id(model): name for name, model in models.items()}
        self.name = ", ".join(models)
        self.optimizer: Any = None

    @property
    def models(self) -> dict[str, Any]:
        """The models by their names."""
        return self._models

    @property
    def built(self) -> bool:
        """Whether all of them have their weights."""
        return all(model.built for model in self._models.values())

    @property
    def weights(self) -> list[Any]:
        """The weights of all of them, each once: a GAN contains its discriminator."""
        return self._distinct("weights")

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that are trained by any of them."""
        return self._distinct("trainable_weights")

    def train_step(self, *_: Any) -> None:
        """The loop takes its place; it says that no code of Keras trains these models."""
        raise NotImplementedError("The training step is in the loop.")

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        models = list(self._models.values())
        if not recursive:
            return models
        return [layer for model in models for layer in model._flatten_layers()]

    def _distinct(self, which: str) -> list[Any]:
        found = [weight for model in self._models.values() for weight in getattr(model, which)]
        return list({id(weight): weight for weight in found}.values())


def several_models(models: Mapping[str, Any]) -> SeveralModels:
    """The models as one object, whose class is named after their classes."""
    name = ", ".join(type(model).__name__ for model in models.values())
    together: SeveralModels = type(name, (SeveralModels,), {"__module__": __name__})(models)
    for attribute, model in models.items():
        vars(together).setdefault(attribute, model)
    return together
