"""Keras' shortened tracebacks: our frames are left out of them, as Keras' own are.

Our code inside Keras' methods is in this folder and in the wrapper. A mistake of ours, which strict
mode raises, has other frames and is still visible. Tracebacks that Keras does not shorten (of an
interrupt, or after ``keras.config.disable_traceback_filtering()``) show our frames among Keras'.
"""

from __future__ import annotations

import functools
import importlib
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import TypeAlias

from .._instrumentation import wrapper
from .._instrumentation.attributes import Replacement
from .._instrumentation.change import Change
from .._instrumentation.wrapper import HANDLERS

__all__ = ["PATCH"]

Filter: TypeAlias = Callable[["TracebackType | None"], "TracebackType | None"]

OURS = (wrapper.__file__, f"{Path(__file__).parent}{os.sep}")


def _without_ours(original: Filter) -> Filter:
    @functools.wraps(original)
    def process(tb: TracebackType | None) -> TracebackType | None:
        kept = None
        for frame, line in reversed(list(traceback.walk_tb(tb))):
            if not _is_ours(frame):
                kept = TracebackType(kept, frame, frame.f_lasti, line)
        return original(kept or tb)

    return process


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(OURS)


PATCH: Change = Replacement(
    lambda: importlib.import_module(HANDLERS), "_process_traceback_frames", _without_ours
)
