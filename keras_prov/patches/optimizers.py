"""Optimizers: where they were created, the plain arguments that Keras forgets, and their `build`.

The base class' constructor is wrapped. The user's arguments are those of the outermost constructor
of the same object on the stack, whichever class defines it.

A first step that nothing records (Keras builds an optimizer then), and `stateless_apply`, which a
loop of JAX calls where it is compiled, are told to `hints`. Nothing is called at each step.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import keras

from .._guard import guarded
from .._instrumentation.change import Original
from .._instrumentation.patch import Patch
from .._instrumentation.switch import reinstate
from .._loops.hints import is_first_step, note_step
from .._tracking.building import optimizer_is_built
from .._tracking.calls import remember_construction

__all__ = ["PATCHES"]

_guard = guarded("an optimizer's constructor", lost="where an optimizer was created")
_step_guard = guarded("an optimizer's step", lost="a hint at a loop that is not recorded")
_build_guard = guarded("an optimizer's build", lost="what a model consists of")


def _around_init(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    reinstate()
    with _guard:
        remember_construction(args[0], *_users_call(args[0], sys._getframe(2), args[1:], kwargs))
    return original(*args, **kwargs)


def _users_call(
    optimizer: Any, frame: FrameType | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[FrameType | None, tuple[Any, ...], dict[str, Any]]:
    """Who called the constructor of the optimizer's class, and its arguments.

    It has just called the constructor of its base class, so its local variables still are its
    arguments.
    """
    codes = {getattr(getattr(c, "__init__", None), "__code__", None) for c in type(optimizer).mro()}
    while frame is not None and frame.f_code in codes:
        code, values = frame.f_code, frame.f_locals
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if values.get(names[0]) is not optimizer:
            break
        args, kwargs = (), {name: values[name] for name in names[1:] if name in values}
        frame = frame.f_back
    return frame, args, kwargs


def _around_build(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = original(*args, **kwargs)
    with _build_guard:
        optimizer_is_built(args[0])
        if is_first_step(sys._getframe(2)):
            note_step(args[0])
    return result


def _around_stateless_apply(
    original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    with _step_guard:
        note_step(args[0])
    return original(*args, **kwargs)


PATCHES = (
    Patch(lambda: keras.optimizers.Optimizer, "__init__", _around_init),
    Patch(lambda: keras.optimizers.Optimizer, "build", _around_build),
    Patch(lambda: keras.optimizers.Optimizer, "stateless_apply", _around_stateless_apply),
)
