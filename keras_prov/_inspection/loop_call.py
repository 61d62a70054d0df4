"""What a loop of the user's trains: its models, its optimizers, and what it was said to be.

Nothing here keeps a model or an optimizer alive. A training of `train_on_batch` has no end that the
program names; it ends when its model does.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from .fit_call import FitCall
from .optimizers import (
    MAIN,
    NamedOptimizer,
    main_optimizer,
    named_optimizers,
    parts_of,
    without_scaling,
)
from .several_models import SeveralModels

__all__ = ["LoopCall"]


class LoopCall(FitCall):
    """The models that a loop trains, with arguments of `fit` that describe it.

    Args:
        model: the model, or `SeveralModels`.
        arguments: ``epochs``, ``batch_size``, ``x`` and others, as `fit` has them.
        optimizers: those that the loop was said to use, by name; if empty, those that the models
            have.
    """

    def __init__(
        self, model: Any, arguments: Mapping[str, Any], optimizers: Mapping[str, Any] | None = None
    ) -> None:
        given = {name: weakref.ref(value) for name, value in (optimizers or {}).items()}
        vars(self).update(_model=weakref.ref(model), _given=given, arguments=arguments)

    @property
    def model(self) -> Any:
        """The model; None once it is gone."""
        return vars(self)["_model"]()

    @property
    def models(self) -> list[Any]:
        """All models that the loop trains."""
        model = self.model
        if isinstance(model, SeveralModels):
            return list(model.models.values())
        return [] if model is None else [model]

    @property
    def batch_size(self) -> int | None:
        """Samples in a batch, if the loop was said to have as many."""
        size: int | None = self.arguments.get("batch_size")
        return size

    @property
    def trainer(self) -> Any:
        return None

    @property
    def scaled_optimizer(self) -> Any:
        given = vars(self)["_given"]
        if given:
            return next(iter(given.values()))() if len(given) == 1 else None
        return getattr(self.model, "optimizer", None)

    @property
    def optimizer(self) -> Any:
        """The one optimizer, without loss scaling; None if there are several."""
        if vars(self)["_given"]:
            scaled = self.scaled_optimizer
            return None if scaled is None else without_scaling(scaled)
        model = self.model
        return None if model is None else main_optimizer(model)

    @property
    def optimizers(self) -> list[NamedOptimizer]:
        given = {name: reference() for name, reference in vars(self)["_given"].items()}
        if not given:
            model = self.model
            return [] if model is None else named_optimizers(model)
        if len(given) == 1:
            given = {MAIN: next(iter(given.values()))}
        living = {name: optimizer for name, optimizer in given.items() if optimizer is not None}
        return [part for name, optimizer in living.items() for part in parts_of(name, optimizer)]
