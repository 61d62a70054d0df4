"""``optimizer.learning_rate = …``: who assigns it, for a training's adaptations."""

from __future__ import annotations

import sys
from typing import Any

import keras

from .._guard import guarded
from .._instrumentation.change import Original
from .._instrumentation.patch import Patch
from .._training.rate_watch import note_assignment

__all__ = ["PATCH"]

_guard = guarded("the learning rate's setter", lost="who changed the learning rate")


def _around_assignment(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = original(*args, **kwargs)
    with _guard:
        note_assignment(args[0], args[1], sys._getframe(2))
    return result


PATCH = Patch(lambda: keras.optimizers.Optimizer, "learning_rate", _around_assignment)
