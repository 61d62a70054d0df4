"""Arguments of a patched call: bound by name, with our callbacks among the user's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras

__all__ = ["bound_arguments", "with_callbacks", "without_callbacks"]


def bound_arguments(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments | None:
    """The arguments of a call by name; None if they do not fit, which Keras will report."""
    try:
        return _signature(function).bind(*args, **kwargs)
    except TypeError:
        return None


def with_callbacks(given: Any, first: Any, last: Any) -> Any:
    """`given` with our callbacks around it; what the user gave is not changed.

    Keras decides by the type of the argument whether callbacks may be called asynchronously
    (`CallbackList._configure_async_dispatch`). So only a list becomes a list. A bare callback or a
    nested structure goes into a dictionary, which Keras flattens in the order of its keys.
    """
    if isinstance(given, keras.callbacks.CallbackList):
        return _in_callback_list(given, first, last)
    if given is None or (isinstance(given, (list, tuple, set, str, bool)) and not given):
        return [first, last]
    if isinstance(given, (list, tuple)):  # Keras' own TrackedList is a list to Keras, too
        return [first, *keras.tree.flatten(given), last]
    return {"0": first, "1": given, "2": last}


def without_callbacks(given: Any, first: Any, last: Any) -> None:
    """Remove our callbacks from the user's `CallbackList`; anything else was never changed."""
    if isinstance(given, keras.callbacks.CallbackList):
        given.callbacks[:] = [
            callback for callback in given.callbacks if callback not in (first, last)
        ]


def _in_callback_list(given: Any, first: Any, last: Any) -> Any:
    for callback in (first, last):
        callback.set_model(given._model)
        callback.set_params(given.params)
    given.callbacks.insert(0, first)
    given.callbacks.append(last)
    return given


@functools.lru_cache(maxsize=32)
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)
