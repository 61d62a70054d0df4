"""The function that stands in the place of a patched one.

It names no parameter, and carries what `functools.update_wrapper` copies: so signature, argument
specification, qualified name and source are those of the wrapped function. Keras' methods have a
handler around them that takes Keras' frames out of tracebacks. Our wrapper goes inside it, so that
our frames can be taken out as well: see `keras_prov.patches.tracebacks`.
"""

from __future__ import annotations

import functools
import inspect
import sys
from types import FunctionType
from typing import Any

from .change import Around, Original

__all__ = ["HANDLERS", "Switch", "wrapped"]

HANDLERS = "keras.src.utils.traceback_utils"


class Switch:
    """Whether one application of a patch is in force."""

    __slots__ = ("live",)

    def __init__(self) -> None:
        self.live = True


def wrapped(raw: Any, around: Around) -> tuple[Original, Original, Switch]:
    """Our wrapper, what to put in the attribute's place, and the wrapper's switch."""
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
        # `inspect.getfullargspec` looks through no wrapper; this it does see.
        wrapper.__signature__ = inspect.signature(raw)  # type: ignore[attr-defined]
    return wrapper, wrapper, switch


def _inside_handler(raw: Any) -> Original | None:
    """The function around which `raw` is Keras' handler of tracebacks; None where it is none."""
    decorator = getattr(sys.modules.get(HANDLERS), "filter_traceback", None)
    if type(raw) is not FunctionType or type(decorator) is not FunctionType:
        return None
    inside: Original | None = getattr(raw, "__wrapped__", None)
    cells = [cell.cell_contents for cell in raw.__closure__ or ()]
    is_handler = raw.__code__ in decorator.__code__.co_consts
    return inside if is_handler and inside in cells else None


def _as_function(raw: Any) -> Original:
    """What to call with the instance first, for a function or a wrapper object such as wrapt's."""
    if type(raw) is FunctionType:  # isinstance is true of wrapt's objects too
        return raw
    if isinstance(raw, (staticmethod, classmethod)) or not callable(raw):
        raise TypeError(f"Only a method can be wrapped. Received: {raw!r}.")
    if not hasattr(raw, "__get__"):
        raise TypeError(f"Not a method, for it does not bind to an instance: {raw!r}.")

    def call_bound(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
        return raw.__get__(instance, type(instance))(*args, **kwargs)

    return functools.update_wrapper(call_bound, raw)
