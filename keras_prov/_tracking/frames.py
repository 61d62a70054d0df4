"""Who calls us: the user's code, or one of the callbacks that Keras runs."""

from __future__ import annotations

from types import FrameType
from typing import Any

import keras

__all__ = ["batch_before", "callbacks_beside", "calling_callback", "users_frame"]

MAX_FRAMES = 40
"""Further frames are not searched."""


def users_frame(frame: FrameType | None) -> FrameType | None:
    """The newest frame, from `frame` up, that is neither in Keras nor in our code."""
    for _ in range(MAX_FRAMES):
        if frame is None:
            return None
        if not _is_internal(frame.f_globals.get("__name__", "")):
            return frame
        frame = frame.f_back
    return None


def _is_internal(module: str) -> bool:
    return module.startswith(("keras.", "keras_prov.", "tensorflow.", "contextlib"))


def calling_callback(frame: FrameType | None) -> Any:
    """The callback whose hook is running; Keras' list of callbacks holds it meanwhile."""
    for _ in range(MAX_FRAMES):
        if frame is None:
            return None
        owner = frame.f_locals.get("self")
        if isinstance(owner, keras.callbacks.CallbackList):
            return frame.f_locals.get("callback")
        if isinstance(owner, keras.callbacks.Callback):
            return owner
        frame = frame.f_back
    return None


def callbacks_beside(frame: FrameType | None) -> list[Any]:
    """All callbacks of the training whose hook is running."""
    called = _frame_of_list(frame)
    return [] if called is None else list(called.f_locals["self"].callbacks)


def batch_before(frame: FrameType | None) -> int | None:
    """The batch of the epoch that has ended last, if a hook for batches is running, else None.

    Before the first batch of an epoch it is -1.
    """
    called = _frame_of_list(frame)
    batch = None if called is None else called.f_locals.get("batch")
    if called is None or not isinstance(batch, int) or "train" not in called.f_code.co_name:
        return None
    return batch - ("begin" in called.f_code.co_name)


def _frame_of_list(frame: FrameType | None) -> FrameType | None:
    """The frame in which Keras' list of callbacks calls a hook."""
    for _ in range(MAX_FRAMES):
        if frame is None or isinstance(frame.f_locals.get("self"), keras.callbacks.CallbackList):
            return frame
        frame = frame.f_back
    return None
