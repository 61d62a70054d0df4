"""Layer constructors: where the call stood, and the plain arguments that Keras forgets.

`Layer.__new__` is wrapped, not `__init__`: it is called once per layer with what the user wrote,
whichever class it is, and Keras reads no signature from it. Warnings of a constructor with a
`stacklevel` point where they did, since `__new__` has returned when `__init__` runs.
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

_remembering = guarded("a layer's constructor", lost="where a layer was made")


def _around_new(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    layer = original(*args, **kwargs)
    with _remembering:
        remember_construction(layer, sys._getframe(2), args[1:], kwargs)
    return layer


PATCH = Patch(lambda: keras.Layer, "__new__", _around_new)
