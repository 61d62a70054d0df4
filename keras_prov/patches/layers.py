"""Layer constructors: where they were called, and the plain arguments that Keras forgets.

`Layer.__new__` is wrapped rather than `__init__`. It is called once per layer with the user's
arguments, whichever class it is, and Keras reads no signature from it. Warnings of a constructor
with a `stacklevel` keep their place, since `__new__` has returned when `__init__` runs.
"""

from __future__ import annotations

import sys
from typing import Any

import keras

from .._guard import guarded
from .._instrumentation.change import Original
from .._instrumentation.patch import Patch
from .._tracking.calls import remember_construction

__all__ = ["PATCH"]

_guard = guarded("a layer's constructor", lost="where a layer was created")


def _around_new(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    layer = original(*args, **kwargs)
    with _guard:
        remember_construction(layer, sys._getframe(2), args[1:], kwargs)
    return layer


PATCH = Patch(lambda: keras.Layer, "__new__", _around_new)
