"""Which of the user's callbacks may have assigned something, by the hooks that they override."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras

__all__ = ["DURING_EPOCH", "EPOCH_BEGIN", "EPOCH_END", "able_callbacks"]

EPOCH_BEGIN = ("on_epoch_begin", "on_train_begin")
DURING_EPOCH = (
    *("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    *("on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_end"),
)
EPOCH_END = ("on_epoch_end", "on_train_end")


def able_callbacks(callbacks: Iterable[Any], hooks: Sequence[str]) -> list[Any]:
    """The user's callbacks that override one of these hooks."""
    return [each for each in callbacks if _is_users(each) and _overrides(each, hooks)]


def _is_users(callback: Any) -> bool:
    """Keras' own callbacks assign the rate by the setter, which is patched."""
    is_of_keras = type(callback).__module__.startswith("keras.")
    return not is_of_keras or isinstance(callback, keras.callbacks.LambdaCallback)


def _overrides(callback: Any, hooks: Sequence[str]) -> bool:
    plain = keras.callbacks.Callback
    never = (keras.callbacks.History, keras.callbacks.ProgbarLogger)
    return not isinstance(callback, never) and any(
        getattr(getattr(callback, hook, None), "__func__", callback) is not getattr(plain, hook)
        for hook in hooks
        if hasattr(plain, hook)
    )
