"""Files that Keras' callbacks write: logs, and backups to resume an aborted training from.

Models and weights that a callback saves are captured where they are saved. These files are compared
before and after the training, so that only those it has written are recorded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras

from .model_files import BACKUP, LOG, FileFact, file_facts, last_change

__all__ = ["CallbackFiles"]

MAX_FILES = 10_000
"""Further files of a folder are ignored."""


class _Known(NamedTuple):
    kind: str
    callback: str
    state: tuple[int, int] | None


class CallbackFiles:
    """The files of a training's callbacks; to be created before the training begins."""

    def __init__(self, callbacks: Iterable[Any]) -> None:
        self._callbacks = [callback for callback in callbacks if isinstance(callback, _WRITERS)]
        self._before = self._now()

    def written(self) -> Iterator[FileFact]:
        """The files that are new or have changed since."""
        for path, known in self._now().items():
            before = self._before.get(path)
            if known.state is not None and (before is None or before.state != known.state):
                yield from file_facts(path, known.kind, known.callback)

    def _now(self) -> dict[str, _Known]:
        return {
            str(path): _Known(kind, type(callback).__name__, last_change(str(path)))
            for callback in self._callbacks
            for kind, path in _paths(callback)
        }


_WRITERS = (
    keras.callbacks.CSVLogger,
    keras.callbacks.TensorBoard,
    keras.callbacks.BackupAndRestore,
)


def _paths(callback: Any) -> Iterator[tuple[str, Path]]:
    if isinstance(callback, keras.callbacks.CSVLogger):
        yield LOG, Path(callback.filename).absolute()
    elif isinstance(callback, keras.callbacks.TensorBoard):
        yield from ((LOG, path) for path in _within(callback.log_dir))
    else:
        yield from ((BACKUP, path) for path in _within(callback.backup_dir) if _is_ours(path))


def _is_ours(path: Path) -> bool:
    """Whether it is not captured elsewhere, as weights are when they are saved."""
    return not path.name.endswith(".weights.h5")


def _within(folder: Any) -> Iterator[Path]:
    count = 0
    for parent, _, names in os.walk(Path(os.fspath(folder)).absolute()):
        for name in names:
            count += 1
            if count > MAX_FILES:
                return
            yield Path(parent, name)
