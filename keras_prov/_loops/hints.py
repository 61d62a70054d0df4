"""A line in the log for a captured model that is trained in a way that nothing records.

It is noticed where an optimizer takes its first step, or where a step of JAX is compiled. Not
noticed are loops with an optimizer that has stepped before, as in a `fit()`, or that is not Keras'.
"""

from __future__ import annotations

import logging
import sys
from types import FrameType
from typing import Any

from .._capture.requests import is_capturing, requested_models
from .._identity_map import WeakIdentityMap
from .._tracking.running import calls_on_batch, fits
from .open_runs import open_runs

__all__ = ["HELP", "is_first_step", "note_step"]

HELP = (
    "Put the loop into `with keras_prov.training(model, optimizer) as run:`, with "
    "`run.epoch(loss=…)` at the end of each epoch."
)

_logger = logging.getLogger("keras_prov")

_noted: WeakIdentityMap[bool] = WeakIdentityMap()
"""Optimizers and models that were hinted at."""


def is_first_step(caller: FrameType | None) -> bool:
    """Whether an optimizer is built because it takes a step, not because a model is loaded."""
    for _ in range(4):  # our wrapper's and Keras' own frames may come between
        if caller is None:
            return False
        if caller.f_code.co_name == "apply":
            return "optimizer" in caller.f_globals.get("__name__", "")
        caller = caller.f_back
    return False


def note_step(optimizer: Any) -> None:
    """Hint once at a loop that takes a step, if the model is captured and nothing records it."""
    if fits.count or calls_on_batch.count or open_runs.count or _noted.get(optimizer):
        return
    model = _captured_model(optimizer)
    if model is None and not is_capturing():
        return
    _noted.set(optimizer, True)
    if (model is not None and _noted.get(model)) or _is_in_fit(sys._getframe(1)):
        return
    if model is not None:
        _noted.set(model, True)
    _logger.warning(
        "%s is trained in a loop that Keras-Prov does not see: nothing of it is recorded. %s",
        "A model" if model is None else f"The model {model.name!r}",
        HELP,
    )


def _is_in_fit(frame: FrameType | None) -> bool:
    """Whether Keras' own `fit` takes the step; another library may have removed our patch of it."""
    while frame is not None:
        name = frame.f_code.co_name
        if name == "fit" and frame.f_globals.get("__name__", "").startswith("keras.src."):
            return True
        frame = frame.f_back
    return False


def _captured_model(optimizer: Any) -> Any:
    """The model that the optimizer trains, if its capture was asked for by itself."""
    mine = {id(variable) for variable in getattr(optimizer, "_trainable_variables", ())}
    for model in requested_models():
        if mine & {id(variable) for variable in getattr(model, "trainable_variables", ())}:
            return model
    return None
