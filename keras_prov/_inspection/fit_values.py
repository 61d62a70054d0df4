"""Hyperparameters of the model, and those that `compile()` and `fit()` were given."""

from __future__ import annotations

import json
import math
from typing import Any

import keras

from .._tracking.calls import trains_itself
from .describe import describe
from .fit_call import FitCall
from .optimizer_arguments import argument_of
from .optimizers import without_scaling

__all__ = [
    "callbacks",
    "compile_argument",
    "fit_argument",
    "fit_argument_text",
    "model_attribute",
    "optimizer_argument",
    "policy",
    "seed",
    "validation_split",
    "weights",
]

KEPT_BY_MODELS: dict[str, tuple[Any, str | None]] = {
    "loss": (keras.losses.Loss, "loss"),
    "metrics": (keras.metrics.Metric, None),
}
"""What a model may keep itself: its class, and the word in the name of one that is a function."""


def compile_argument(name: str, fit_call: FitCall) -> str | None:
    """An argument of `compile`, as Keras keeps it."""
    kept = getattr(fit_call.model, "_compile_config", None)
    value = (getattr(kept, "config", None) or {}).get(name)
    if value is None:  # another library's loop, which was told by its own `compile`
        value = (fit_call.arguments.get("compile") or {}).get(name)
    if value is None and name in KEPT_BY_MODELS and trains_itself(type(fit_call.model)):
        value = _kept_by_model(fit_call.model, name)
    return None if value is None else describe(value)


def _kept_by_model(model: Any, name: str) -> dict[str, Any] | None:
    """Losses or metrics that a model with a `train_step` of its own keeps, by attribute."""
    kind, word = KEPT_BY_MODELS[name]
    found = {
        attribute: value
        for attribute, value in vars(model).items()
        if not attribute.startswith("_")
        and (isinstance(value, kind) or _is_function(attribute, value, word))
    }
    return found or None


def _is_function(attribute: str, value: Any, word: str | None) -> bool:
    is_other = isinstance(value, (keras.metrics.Metric, keras.Layer))
    return word is not None and word in attribute and callable(value) and not is_other


def fit_argument(name: str, fit_call: FitCall) -> Any:
    """An argument of `fit` as it was given, or its default."""
    return fit_call.arguments.get(name)


def fit_argument_text(name: str, fit_call: FitCall) -> str | None:
    """An argument of `fit` as a text."""
    value = fit_call.arguments.get(name)
    return None if value is None else describe(value)


def validation_split(fit_call: FitCall) -> float | None:
    """The share of the data held out; None without a `fit()`, as in an evaluation."""
    if "validation_split" not in fit_call.arguments:
        return None
    return float(fit_call.arguments.get("validation_split") or 0.0)


def callbacks(fit_call: FitCall) -> str | None:
    """The user's callbacks with their arguments, as JSON."""
    described = [describe(callback) for callback in fit_call.callbacks]
    return json.dumps(described) if described else None


def optimizer_argument(name: str, fit_call: FitCall) -> Any:
    """An argument of the optimizer's constructor, or of the loss scaling around it."""
    optimizer = fit_call.optimizer
    if optimizer is None:
        return None
    outer = fit_call.scaled_optimizer
    is_scaled = without_scaling(outer) is optimizer
    return argument_of(outer if is_scaled else optimizer, optimizer, name)


def model_attribute(name: str, fit_call: FitCall) -> Any:
    """An attribute of the model: a number as it is, anything else as a text."""
    value = getattr(fit_call.model, name, None)
    return value if value is None or isinstance(value, (int, float)) else describe(value)


def weights(which: str, fit_call: FitCall) -> int | None:
    """Numbers in the weights; None before the model is built.

    Nothing builds a model without a `call()`: of such a model they are the weights it has.
    """
    model = fit_call.model
    if not hasattr(model, which):
        return _parameters(which, model)
    shapes = [weight.shape for weight in getattr(model, which)]
    if not shapes and not model.built:
        return None
    return sum(int(math.prod(shape)) for shape in shapes)


def _parameters(which: str, model: Any) -> int | None:
    """Numbers in the parameters of a module of PyTorch; None for any other network."""
    if not callable(getattr(model, "parameters", None)):
        return None
    every = which == "weights"
    return sum(int(each.numel()) for each in model.parameters() if every or each.requires_grad)


def policy(fit_call: FitCall) -> str:
    """The dtype policy of the model."""
    found = getattr(fit_call.model, "dtype_policy", None)
    return str(getattr(found, "name", None) or keras.config.dtype_policy().name)


def seed(fit_call: FitCall) -> int | None:
    """The seed given to `keras.utils.set_random_seed`; None without one."""
    read = getattr(keras.utils, "get_random_seed", None) or _seed_of_older_keras
    return None if (found := read()) is None else int(found)


def _seed_of_older_keras() -> Any:
    from keras.src.utils import rng_utils

    return rng_utils.get_random_seed()
