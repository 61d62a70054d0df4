"""Which files of a preset are read while a model is made of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["CONFIG", "looking_for_files", "note_preset_file", "reading_preset"]

CONFIG = "config.json"
"""What the preset is: KerasHub reads it before it decides what to load."""

_thread = threading.local()
_folders: dict[str, str] = {}
"""Where the files of a preset are, by its name."""


@contextmanager
def reading_preset(preset: str) -> Iterator[list[str] | None]:
    """The files that are read in the block; None if it is part of another such block."""
    if getattr(_thread, "files", None) is not None:
        yield None
        return
    _thread.files = files = list[str]()
    try:
        yield files
    finally:
        _thread.files = None
        folder = preset if Path(preset).is_dir() else _folders.get(preset)
        config = None if folder is None else Path(folder, CONFIG)
        if config is not None and config.is_file():
            files.insert(0, str(config))
        files[:] = dict.fromkeys(files)


@contextmanager
def looking_for_files() -> Iterator[None]:
    """In the block, files are looked for, not read."""
    before, _thread.is_looking = getattr(_thread, "is_looking", False), True
    try:
        yield
    finally:
        _thread.is_looking = before


def note_preset_file(preset: str, path: str, found: str) -> None:
    """A file of a preset is asked for.

    Args:
        preset: the preset.
        path: of the file within it.
        found: where it is on this machine.
    """
    if found.endswith(path):
        _folders[preset] = found.removesuffix(path)
    files: list[str] | None = getattr(_thread, "files", None)
    if files is not None and not getattr(_thread, "is_looking", False):
        files.append(found)
