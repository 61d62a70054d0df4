"""What stopped a training: one of Keras' callbacks, or code of the user's that may have done so.

`stop_training` is a plain attribute, so setting it cannot be observed. The user's callbacks are
searched for code that sets it. If several lines do, all of them are named.
"""

from __future__ import annotations

import dis
import inspect
import math
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any

import keras

from .._notebook.places import place

__all__ = ["keras_stopper", "user_stoppers"]

ATTRIBUTE = "stop_training"


def keras_stopper(callbacks: Iterable[Any], measured: Mapping[Any, Any]) -> str | None:
    """The callback of Keras that has stopped the training, given the last epoch's metrics."""
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.EarlyStopping) and callback.stopped_epoch > 0:
            return type(callback).__name__
        is_guard = isinstance(callback, keras.callbacks.TerminateOnNaN)
        if is_guard and _is_invalid(measured.get("loss")):
            return type(callback).__name__
    return None


def user_stoppers(callbacks: Iterable[Any], model: Any) -> str | None:
    """Class, file and line of the code that sets `stop_training`, as ``Stop (train.py:12)``."""
    found = dict.fromkeys(
        f"{type(owner).__name__} ({place})"
        for owner in (*callbacks, model)
        for place in _places(owner)
    )
    return ", ".join(found) or None


def _is_invalid(loss: Any) -> bool:
    return isinstance(loss, (int, float)) and not math.isfinite(loss)


def _places(owner: Any) -> Iterator[str]:
    """Where an object's class, or a function that it holds, stops a training."""
    for code in _codes(owner):
        line = _line_that_stops(code)
        if line is not None:
            yield place(code.co_filename, line)


def _codes(owner: Any) -> Iterator[CodeType]:
    classes = [class_ for class_ in type(owner).__mro__ if not _is_of_keras(class_)]
    held = vars(owner) if isinstance(owner, keras.callbacks.Callback) else {}
    members = [value for class_ in classes for value in vars(class_).values()]
    for member in [*members, *held.values()]:
        function = inspect.unwrap(getattr(member, "__func__", None) or member)
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType) and not _is_of_keras(function):
            yield from _with_inner(code)


def _is_of_keras(defined: Any) -> bool:
    return str(getattr(defined, "__module__", "")).partition(".")[0] == "keras"


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)


def _line_that_stops(code: CodeType) -> int | None:
    if ATTRIBUTE not in code.co_names and ATTRIBUTE not in code.co_consts:
        return None
    for instruction in dis.get_instructions(code):
        # an assignment, or the name as a constant, as in setattr(model, "stop_training", True)
        is_about_it = instruction.opname in ("STORE_ATTR", "LOAD_CONST")
        if is_about_it and instruction.argval == ATTRIBUTE and instruction.positions is not None:
            return instruction.positions.lineno
    return None
