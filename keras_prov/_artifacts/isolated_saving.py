"""Saving a model of our own accord, without changing the program's state.

Saving creates Keras objects. They take automatic names, which Keras counts per thread: the counters
are restored. Some objects draw a seed from Python's random numbers, or warn. That state belongs to
the whole process, and another thread may be using it. So it is not restored but left untouched: see
`keras_prov.patches.isolated_saving`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["is_isolated_saving", "isolated_saving", "isolated_saving_folder"]

NAMES = "object_name_uids"

_thread = threading.local()


def is_isolated_saving() -> bool:
    """Whether this thread is saving a model that the program did not ask to save."""
    return isolated_saving_folder() is not None


def isolated_saving_folder() -> Path | None:
    """The folder for temporary files of such a saving; None outside of one."""
    folder: Path | None = getattr(_thread, "folder", None)
    return folder


@contextmanager
def isolated_saving(folder: Path) -> Iterator[None]:
    """Keep the block from changing the program's state; its temporary files go to `folder`."""
    from keras.src.backend.common import global_state

    state = vars(global_state.GLOBAL_STATE_TRACKER)  # only this thread's
    before, names = dict(state), _names(state)
    _thread.folder = folder
    try:
        yield
    finally:
        _thread.folder = None
        state.clear()
        state.update(before)
        if names is not None:
            state[NAMES].clear()
            state[NAMES].update(names)


def _names(state: dict[str, Any]) -> dict[str, int] | None:
    return dict(state[NAMES]) if NAMES in state else None
