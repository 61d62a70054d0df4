"""What DeepXDE trains with, and what it measures, in the words of Keras.

DeepXDE (https://deepxde.readthedocs.io) has a loop of its own. Its network is a model of Keras with
TensorFlow; with PyTorch and JAX it is one of theirs.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from .arguments import Foreign

__all__ = ["displayed", "optimizer_of", "rate_at", "said_to_compile"]

OF_JAX = "deepxde.optimizers.jax.optimizers"
OF_COMPILE = ("loss", "loss_weights", "metrics", "decay")


def said_to_compile(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What `compile` was given that Keras knows, and how the learning rate decays."""
    return {name: arguments[name] for name in OF_COMPILE if arguments.get(name) is not None}


def optimizer_of(model: Any, compiled: Mapping[str, Any]) -> Any:
    """The optimizer of a compiled model, or one that has only its name and its rate.

    Args:
        model: a model of DeepXDE.
        compiled: what its `compile` was given.
    """
    found = getattr(model, "opt", None)
    if found is None:
        found = _closed_over(getattr(model, "train_step", None), "opt")
    if found is None or inspect.isroutine(found) or isinstance(found, tuple):
        named = type(str(getattr(model, "opt_name", "optimizer")), (Foreign,), {})
        rate = compiled.get("lr")
        is_known = isinstance(rate, (int, float)) and compiled.get("decay") is None
        return named(found, rate if is_known else None)
    return found


def rate_at(step: int, compiled: Mapping[str, Any]) -> float | None:
    """The decaying rate of an optimizer of JAX, which does not say it itself.

    Args:
        step: how many steps were taken since `compile`.
        compiled: what that was given.
    """
    optimizers = sys.modules.get(OF_JAX)
    if optimizers is None or compiled.get("decay") is None:
        return None
    schedule = optimizers._get_learningrate(compiled["lr"], compiled["decay"])
    return float(schedule(step))


def displayed(model: Any) -> dict[str, Any]:
    """What a model of DeepXDE has measured at the step that it displays."""
    state = model.train_state
    row: dict[str, Any] = {"step": int(state.step)}
    row |= _losses("loss", state.loss_train)
    row |= _losses("val_loss", state.loss_test)
    values = [] if state.metrics_test is None else list(state.metrics_test)
    names = [str(getattr(metric, "__name__", "metric")) for metric in model.metrics]
    outputs = max(1, len(values) // max(1, len(names)))
    for place, value in enumerate(values):
        name = names[place // outputs] if names else "metric"
        part = f"_{place % outputs}" if outputs > 1 else ""
        row[f"val_{name}{part}"] = float(np.asarray(value).reshape(-1)[0])
    return row


def _losses(name: str, values: Any) -> dict[str, float]:
    """The weighted sum of the losses, which is what is minimized, and each of them."""
    if values is None:
        return {}
    parts = [float(part) for part in np.asarray(values).reshape(-1)]
    each = {f"{name}_{place}": part for place, part in enumerate(parts)} if len(parts) > 1 else {}
    return {name: float(np.sum(parts)), **each}


def _closed_over(function: Any, name: str) -> Any:
    """What a function has captured under this name; TensorFlow and JAX have wrapped it."""
    for attribute in ("python_function", "__wrapped__"):
        function = getattr(function, attribute, function)
    code = getattr(function, "__code__", None)
    cells = dict(zip(getattr(code, "co_freevars", ()), function.__closure__ or (), strict=False))
    return cells[name].cell_contents if name in cells else None
