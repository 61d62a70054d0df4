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

__all__ = ["keras_own_stopper", "users_stoppers"]

ATTRIBUTE = "stop_training"


def keras_own_stopper(callbacks: Iterable[Any], measured: Mapping[Any, Any]) -> str | None:
    """The callback of Keras that has stopped the training, given the last epoch's metrics."""
    for each in callbacks:
        if isinstance(each, keras.callbacks.EarlyStopping) and each.stopped_epoch > 0:
            return type(each).__name__
        if isinstance(each, keras.callbacks.TerminateOnNaN) and _is_invalid(measured.get("loss")):
            return type(each).__name__
    return None


def users_stoppers(callbacks: Iterable[Any], model: Any) -> str | None:
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
            yield f"{code.co_filename}:{line}"


def _codes(owner: Any) -> Iterator[CodeType]:
    classes = [each for each in type(owner).__mro__ if not _is_of_keras(each)]
    held = vars(owner) if isinstance(owner, keras.callbacks.Callback) else {}
    for each in (*(value for class_ in classes for value in vars(class_).values()), *held.values()):
        function = inspect.unwrap(getattr(each, "__func__", None) or each)
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType) and not _is_of_keras(function):
            yield from _with_inner(code)


def _is_of_keras(defined: Any) -> bool:
    return str(getattr(defined, "__module__", "")).partition(".")[0] == "keras"


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _with_inner(each)


def _line_that_stops(code: CodeType) -> int | None:
    if ATTRIBUTE not in code.co_names and ATTRIBUTE not in code.co_consts:
        return None
    for each in dis.get_instructions(code):
        is_set = each.opname == "STORE_ATTR" and each.argval == ATTRIBUTE
        is_named = each.opname == "LOAD_CONST" and each.argval == ATTRIBUTE  # setattr(model, …)
        if (is_set or is_named) and each.positions is not None:
            return each.positions.lineno
    return None
