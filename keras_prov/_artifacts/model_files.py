"""Files that models are saved to and loaded from: what identifies their content.

A file that is read by a model nobody captures yet is remembered by name and time alone; it is
hashed when a capture of that model begins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._identity_map import WeakIdentityMap
from .shards import SHARDED, shards_of

__all__ = [
    "BACKUP",
    "CHECKPOINT",
    "EXPORT",
    "LOG",
    "MODEL",
    "WEIGHTS",
    "FileFact",
    "changed",
    "file_facts",
    "forget_loads",
    "keep_unclaimed",
    "note_unclaimed",
    "remember_load",
    "unclaimed_files",
]

MODEL, WEIGHTS, EXPORT, CHECKPOINT = "model", "weights", "export", "checkpoint"
LOG, BACKUP = "log", "backup"
"""Kinds of files, beside ``artifact``."""


@dataclass(frozen=True)
class FileFact:
    """One file.

    Attributes:
        path: absolute; a URL stays as it was given.
        name: the last part of it.
        kind: ``model``, ``weights``, ``export``, ``checkpoint``, ``log``, ``backup``, ``artifact``.
        size: in bytes; None where it cannot be looked at.
        sha256: hexadecimal digits; of a folder, of its files' names and digests.
        callback: class of the callback that saved or loaded it.
        epoch: the one that it was saved in; None for the newest of the execution.
    """

    path: str
    name: str
    kind: str
    size: int | None = None
    sha256: str | None = None
    callback: str | None = None
    epoch: int | None = None


@dataclass(frozen=True)
class _Load:
    path: str
    kind: str
    callback: str | None
    changed: tuple[int, int] | None


_loads: WeakIdentityMap[list[_Load]] = WeakIdentityMap()

_unclaimed: dict[tuple[str, str, str], None] | None = None
"""Path, kind and mode of files of models without an execution; None where nobody wants them."""


def file_facts(path: Any, kind: str, callback: str | None = None) -> Iterator[FileFact]:
    """The file at `path`, and the shards that it names; nothing for what is no path."""
    if not isinstance(path, (str, os.PathLike)):
        return  # an open file, or a group within one
    text = os.fsdecode(path)
    if "://" in text:
        yield FileFact(text, text.rpartition("/")[2], kind, callback=callback)
        return
    file = Path(text).absolute()
    shards = shards_of(file) if file.name.endswith(SHARDED) else []
    for each in (file, *shards):
        size, digest = _digest(each)
        yield FileFact(str(each), each.name, kind, size, digest, callback)


def remember_load(model: object, path: Any, kind: str, callback: str | None) -> None:
    """Remember what an uncaptured model was read from."""
    if isinstance(path, (str, os.PathLike)):
        absolute = _absolute(path)
        load = _Load(absolute, kind, callback, changed(absolute))
        _loads.set(model, [*(_loads.get(model) or []), load])


def forget_loads(model: object) -> list[FileFact]:
    """What the model was read from; a file that has changed since has no digest any more."""
    facts: list[FileFact] = []
    for load in _loads.pop(model) or []:
        if changed(load.path) == load.changed:
            facts += file_facts(load.path, load.kind, load.callback)
        else:
            facts.append(
                FileFact(load.path, Path(load.path).name, load.kind, callback=load.callback)
            )
    return facts


def keep_unclaimed() -> None:
    """Remember from here on which files models without an execution are saved to and read from."""
    global _unclaimed
    _unclaimed = {} if _unclaimed is None else _unclaimed


def note_unclaimed(path: Any, kind: str, mode: str) -> None:
    """Remember such a file, if anybody wants to know."""
    if _unclaimed is not None and isinstance(path, (str, os.PathLike)):
        _unclaimed[_absolute(path), kind, mode] = None


def unclaimed_files() -> list[tuple[FileFact, str]]:
    """Those that were remembered, as they are now, each with its mode."""
    return [
        (fact, mode) for path, kind, mode in _unclaimed or () for fact in file_facts(path, kind)
    ]


def changed(path: str) -> tuple[int, int] | None:
    """When it was written last, and its size; None where it cannot be looked at."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _absolute(path: str | os.PathLike[str]) -> str:
    """A path that stays valid when the working directory changes; a URL as it is."""
    text = os.fsdecode(path)
    if "://" in text:
        return text
    return os.path.abspath(text)  # noqa: PTH100  # Path.resolve would follow symbolic links


def _digest(path: Path) -> tuple[int | None, str | None]:
    from .store import file_digest

    try:
        return file_digest(path)
    except OSError:  # gone again, or not ours to read
        return None, None
