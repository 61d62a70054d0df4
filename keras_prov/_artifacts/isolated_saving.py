"""A model is saved by us, not by the program: the program's state is as if it had not been.

Saving makes Keras objects. They take automatic names, which Keras counts for each thread: those are
given back. Some draw a seed from Python's random numbers, or warn. These belong to the whole
process, and another thread may use them meanwhile; so they are not put back afterwards, but left
alone: see `keras_prov.patches.isolated_saving`.
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
    """Whether this thread saves a model that the program did not ask to save."""
    return isolated_saving_folder() is not None


def isolated_saving_folder() -> Path | None:
    """Where such a saving may put temporary files; None outside of one."""
    folder: Path | None = getattr(_thread, "folder", None)
    return folder


@contextmanager
def isolated_saving(folder: Path) -> Iterator[None]:
    """What Keras makes in the block takes nothing of the program's; `folder` is for its files."""
    from keras.src.backend.common import global_state

    state = vars(global_state.GLOBAL_STATE_TRACKER)  # of this thread alone
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
