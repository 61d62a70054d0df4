"""``Model.make_train_function``, which every `fit` calls: it notices that `fit` is not patched.

If another library has removed our patch of `fit`, this one is still called and restores it.
"""

from __future__ import annotations

from typing import Any

import keras

from .._instrumentation.change import Original
from .._instrumentation.patch import Patch
from .._instrumentation.switch import reinstate

__all__ = ["PATCH"]


def _around_make_train_function(
    original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    reinstate()
    return original(*args, **kwargs)


PATCH = Patch(lambda: keras.Model, "make_train_function", _around_make_train_function)
