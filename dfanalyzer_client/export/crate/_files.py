"""Copy the files that an execution wrote, if their content is still what was recorded.

We look where the file was written, then in the artifact store, by its SHA-256.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...config import settings
from ...executions.record import FileRecord
from ...file import READ, WRITTEN
from ...support.digest import file_digest
from ...support.regular_file import copy_folder, copy_regular
from ..file_locations import is_url, published_location

__all__ = ["CrateFile", "collect_files", "safe_name", "unused_name"]

FOLDER = "files"


@dataclass(frozen=True)
class CrateFile:
    """One content, which tasks read or wrote under one or more names.

    Attributes:
        path: its path in the crate; None if it is not in it.
        note: if it is not in the crate, why.
        readers: ids of the tasks that read it.
        writers: ids of the tasks that wrote it, or of which we do not know whether they did.
    """

    key: str
    names: tuple[str, ...]
    origins: tuple[str, ...]
    size: int | None
    sha256: str | None
    readers: frozenset[int]
    writers: frozenset[int]
    path: str | None = None
    note: str = ""
    is_folder: bool = False


def collect_files(recorded: Sequence[FileRecord], crate: Path) -> list[CrateFile]:
    """Copy files that were written into the folder `files` of `crate`; note why others are not."""
    taken: set[str] = set()
    return [
        _collected(number, group, crate, taken)
        for number, group in enumerate(_by_content(recorded), 1)
    ]


def safe_name(text: str) -> str:
    """The last part of a path as a file name: ASCII, and not hidden."""
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", re.split(r"[/\\]", text)[-1]).lstrip(".") or "file"


def unused_name(name: str, taken: set[str]) -> str:
    """`name`, with a number if it is in `taken`; case does not matter."""
    stem, dot, suffix = name.partition(".")  # at the first dot: Keras expects .weights.h5
    number, result = 1, name
    while result.lower() in taken:
        number += 1
        result = f"{stem}-{number}{dot}{suffix}"
    taken.add(result.lower())
    return result


def _by_content(recorded: Sequence[FileRecord]) -> list[list[FileRecord]]:
    groups: dict[str, list[FileRecord]] = {}
    for file in recorded:
        groups.setdefault(file.sha256 or f"{file.name}\0{file.path}", []).append(file)
    return list(groups.values())


def _collected(number: int, group: list[FileRecord], crate: Path, taken: set[str]) -> CrateFile:
    first, path = group[0], None
    if not any(file.mode == WRITTEN for file in group):
        note = "it was read, not written, and what was read is not copied"
    elif first.sha256 is None:
        note = "no SHA-256 was recorded, so its content cannot be verified"
    else:
        name = unused_name(safe_name(first.name), taken)
        path = f"{FOLDER}/{name}"
        note = _copied(group, first.sha256, crate / path)
        if note:
            path = None
            taken.remove(name.lower())
    return CrateFile(
        key=f"file-{number}",
        names=tuple(dict.fromkeys(file.name for file in group)),
        origins=tuple(dict.fromkeys(published_location(file.path) for file in group)),
        size=first.size,
        sha256=first.sha256,
        readers=frozenset(file.task.id for file in group if file.mode == READ),
        writers=frozenset(file.task.id for file in group if file.mode != READ),
        path=path,
        note=note,
        is_folder=path is not None and (crate / path).is_dir(),
    )


def _copied(group: list[FileRecord], sha256: str, target: Path) -> str:
    """Copy the content to `target`; returns the reason if it cannot be found, else ""."""
    target.parent.mkdir(exist_ok=True)
    notes = []
    for source in dict.fromkeys(file.path for file in group if not is_url(file.path)):
        problem = _copied_from(Path(source), sha256, target)
        if not problem:
            return ""
        notes.append(problem)
    if _is_in_store(sha256, target):
        return ""
    with contextlib.suppress(OSError):
        target.parent.rmdir()  # if it is empty
    return notes[0] if notes else "it is at a URL, and not in the artifact store"


def _copied_from(source: Path, sha256: str, target: Path) -> str:
    """Copy a file or folder; returns the reason if it is missing or has changed, else ""."""
    try:
        if source.is_dir():
            copy_folder(source, target)
        else:
            copy_regular(source, target)
        _, digest = file_digest(target)  # of the copy, because the file may change meanwhile
    except FileNotFoundError:
        problem = "it is no longer where it was written"
    except (OSError, shutil.Error) as error:
        problem = f"it cannot be read ({type(error).__name__})"
    else:
        if digest == sha256.lower():
            return ""
        problem = f"its content has changed: its SHA-256 is now {digest}"
    _remove(target)
    return problem


def _is_in_store(sha256: str, target: Path) -> bool:
    """Copy the content from the artifact store to `target`, if it is there; returns whether."""
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        return False
    root = settings.artifacts() or str(settings.home() / "artifacts")
    if "://" in root:
        return _is_in_remote_store(root, sha256, target)
    found = sorted((Path(root) / sha256[:2]).glob(f"{sha256}*"))
    return any(not _copied_from(item, sha256, target) for item in found)


def _is_in_remote_store(root: str, sha256: str, target: Path) -> bool:
    import fsspec  # type: ignore[import-untyped]

    with contextlib.suppress(Exception):  # file systems raise their own; a missing file is reported
        system, folder = fsspec.core.url_to_fs(root)
        for name in sorted(system.glob(f"{folder.rstrip('/')}/{sha256[:2]}/{sha256}*")):
            with system.open(name, "rb") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            if file_digest(target)[1] == sha256:
                return True
    _remove(target)
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
