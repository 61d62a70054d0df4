"""The function that takes the place of a patched one.

It names no parameters and carries what `functools.update_wrapper` copies. So its signature,
argument specification, qualified name and source are those of the wrapped function. Keras' methods
have a handler around them that removes Keras' frames from tracebacks. Our wrapper goes inside the
handler, so that our frames can be removed as well: see `keras_prov.patches.tracebacks`.
"""

from __future__ import annotations

import functools
import inspect
import sys
from types import FunctionType
from typing import Any

from .change import Around, Original

__all__ = ["HANDLERS", "Switch", "wrap"]

HANDLERS = "keras.src.utils.traceback_utils"


class Switch:
    """Whether an applied patch is in force."""

    __slots__ = ("live",)

    def __init__(self) -> None:
        self.live = True


def wrap(raw: Any, around: Around) -> tuple[Original, Original, Switch]:
    """Our wrapper, the function to set as the attribute, and the wrapper's switch."""
    inside = _inside_handler(raw)
    function = raw if inside is None else inside
    original = _as_function(function)
    switch = Switch()

    def wrapper(*args, **kwargs):  # type: ignore[no-untyped-def]  # Keras' own handler has none
        if switch.live and args:
            return around(original, args, kwargs)
        return original(*args, **kwargs)

    functools.update_wrapper(wrapper, function)
    if inside is not None:
        outermost: Original = sys.modules[HANDLERS].filter_traceback(wrapper)
        vars(outermost).update({**vars(raw), "__wrapped__": wrapper})
        return wrapper, outermost, switch
    if not hasattr(raw, "__wrapped__"):
        # `inspect.getfullargspec` does not follow ``__wrapped__``, but it reads this
        wrapper.__signature__ = inspect.signature(raw)  # type: ignore[attr-defined]
    return wrapper, wrapper, switch


def _inside_handler(raw: Any) -> Original | None:
    """The function inside Keras' traceback handler; None if `raw` is no such handler."""
    decorator = getattr(sys.modules.get(HANDLERS), "filter_traceback", None)
    if type(raw) is not FunctionType or type(decorator) is not FunctionType:
        return None
    inside: Original | None = getattr(raw, "__wrapped__", None)
    cells = [cell.cell_contents for cell in raw.__closure__ or ()]
    is_handler = raw.__code__ in decorator.__code__.co_consts
    return inside if is_handler and inside in cells else None


def _as_function(raw: Any) -> Original:
    """A function that takes the instance first, for a function or a wrapper object of wrapt."""
    if type(raw) is FunctionType:  # isinstance would accept wrapt's objects
        return raw
    if isinstance(raw, (staticmethod, classmethod)) or not callable(raw):
        raise TypeError(f"Only a method can be wrapped. Received: {raw!r}.")
    if not hasattr(raw, "__get__"):
        raise TypeError(f"Not a method: it does not bind to an instance. Received: {raw!r}.")

    def call_bound(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
        return raw.__get__(instance, type(instance))(*args, **kwargs)

    return functools.update_wrapper(call_bound, raw)
