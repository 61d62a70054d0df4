"""Who calls us: the user's code, or one of the callbacks that Keras runs."""

from __future__ import annotations

from types import FrameType
from typing import Any

import keras

__all__ = ["calling_callback", "users_frame"]

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
