"""Files that models are saved to and loaded from, and hashes of their content.

Of a file that is read into a model without capture, only name and time are kept. It is hashed when
capture of that model begins.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dfanalyzer_client.fingerprints.shards import SHARDED, shards_of

from .._identity_map import WeakIdentityMap

__all__ = [
    "BACKUP",
    "CHECKPOINT",
    "EXPORT",
    "LOG",
    "MODEL",
    "PRESET",
    "WEIGHTS",
    "FileFact",
    "are_loads_known",
    "file_facts",
    "forget_loads",
    "keep_unclaimed",
    "last_change",
    "note_unclaimed",
    "remember_load",
    "unclaimed_files",
]

MODEL, WEIGHTS, EXPORT, CHECKPOINT = "model", "weights", "export", "checkpoint"
LOG, BACKUP, PRESET = "log", "backup", "preset"
"""Kinds of files, beside ``artifact``."""


@dataclass(frozen=True)
class FileFact:
    """What is recorded of a file.

    Attributes:
        path: absolute; a URL as it was given.
        name: the last part of the path.
        kind: ``model``, ``weights``, ``export``, ``checkpoint``, ``log``, ``backup``, ``preset``,
            ``artifact``.
        size: in bytes; None if it cannot be read.
        sha256: in hexadecimal digits; that of a folder covers its files' names and digests.
        callback: class of the callback that saved or loaded it.
        epoch: when it was saved; None for the newest epoch of the execution.
        preset: the preset of KerasHub that it is a part of, as it was named.
    """

    path: str
    name: str
    kind: str
    size: int | None = None
    sha256: str | None = None
    callback: str | None = None
    epoch: int | None = None
    preset: str | None = None


@dataclass(frozen=True, eq=False)
class _Load:
    path: str
    kind: str
    callback: str | None
    last_change: tuple[int, int] | None
    preset: str | None
    models: WeakIdentityMap[bool] = field(default_factory=WeakIdentityMap)
    """Those that have it among their files already."""

    def facts(self) -> Iterator[FileFact]:
        """The file and its shards; one that has changed since has no digest."""
        if last_change(self.path) == self.last_change:
            yield from file_facts(self.path, self.kind, self.callback, self.preset)
        else:
            name = Path(self.path).name
            yield FileFact(self.path, name, self.kind, callback=self.callback, preset=self.preset)


_loads: WeakIdentityMap[list[_Load]] = WeakIdentityMap()

_unclaimed: dict[tuple[str, str, str], None] | None = None
"""Path, kind and mode of files of models without an execution; None unless they are kept."""


def file_facts(
    path: Any, kind: str, callback: str | None = None, preset: str | None = None
) -> Iterator[FileFact]:
    """The file at `path` and the shards that it names; nothing if `path` is not a path."""
    if not isinstance(path, (str, os.PathLike)):
        return  # an open file, or a group in one
    text = os.fsdecode(path)
    if "://" in text:
        yield FileFact(text, text.rpartition("/")[2], kind, callback=callback, preset=preset)
        return
    file = Path(text).absolute()
    shards = shards_of(file) if file.name.endswith(SHARDED) else []
    for found in (file, *shards):
        size, digest = _digest(found)
        yield FileFact(str(found), found.name, kind, size, digest, callback, preset=preset)


def remember_load(
    model: object, path: Any, kind: str, callback: str | None, preset: str | None = None
) -> None:
    """Remember what a model without capture was loaded from."""
    if isinstance(path, (str, os.PathLike)):
        absolute = _absolute(path)
        load = _Load(absolute, kind, callback, last_change(absolute), preset)
        _loads.set(model, [*(_loads.get(model) or []), load])


def are_loads_known() -> bool:
    """Whether anything is remembered of any object."""
    return bool(len(_loads))


def forget_loads(model: object, parts: Iterable[object] = ()) -> list[FileFact]:
    """Forget what the model was loaded from, and return it; changed files have no digest.

    Args:
        model: the model.
        parts: models and layers in it. What they were loaded from is returned, too, once for each
            model that they are parts of.
    """
    facts: dict[str, FileFact] = {}
    own = _loads.pop(model) or []
    for load in [*own, *(load for part in parts for load in _loads.get(part) or [])]:
        if load.models.get(model) is None:
            load.models.set(model, True)
            facts.update({fact.path: fact for fact in load.facts()})
    return list(facts.values())


def keep_unclaimed() -> None:
    """From now on, keep which files models without an execution are saved to and loaded from."""
    global _unclaimed
    _unclaimed = {} if _unclaimed is None else _unclaimed


def note_unclaimed(path: Any, kind: str, mode: str) -> None:
    """Keep such a file, if `keep_unclaimed` was called."""
    if _unclaimed is not None and isinstance(path, (str, os.PathLike)):
        _unclaimed[_absolute(path), kind, mode] = None


def unclaimed_files() -> list[tuple[FileFact, str]]:
    """The files that were kept, as they are now, with their modes."""
    return [
        (fact, mode) for path, kind, mode in _unclaimed or () for fact in file_facts(path, kind)
    ]


def last_change(path: str) -> tuple[int, int] | None:
    """Time of the last change, and size; None if it cannot be read."""
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
    except OSError:  # deleted, or not readable
        return None, None
