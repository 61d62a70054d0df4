"""``Model.compile``: whether it was given an optimizer, which Keras forgets."""

from __future__ import annotations

from typing import Any

import keras

from .._guard import guarded
from .._instrumentation.call_arguments import bound_arguments
from .._instrumentation.change import Original
from .._instrumentation.patch import Patch
from .._instrumentation.switch import reinstate
from .._tracking.calls import remember_compilation

__all__ = ["PATCH"]

_guard = guarded("Model.compile", lost="whether an optimizer was given")


def _around_compile(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    reinstate()
    result = original(*args, **kwargs)
    with _guard:
        bound = bound_arguments(original, args, kwargs)
        given = bound is not None and "optimizer" in bound.arguments
        remember_compilation(args[0], has_optimizer=given)
    return result


PATCH = Patch(lambda: keras.Model, "compile", _around_compile)
