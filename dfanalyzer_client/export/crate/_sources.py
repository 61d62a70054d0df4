"""The program's files as they ran: those whose SHA-256 is the recorded one.

A file is looked for where it was, then in the recorded commit. What is found nowhere is named.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...executions.environment import Environment
from ...support.regular_file import blocks_of, open_regular
from ..committed_files import committed_file
from ._files import safe_name, unused_name

__all__ = ["FOLDER", "SourceFile", "changes", "collect_sources", "is_below", "source_of"]

FOLDER = "script"
"""Where the script and its modules are in a crate."""


@dataclass(frozen=True)
class SourceFile:
    """A file of the program.

    Attributes:
        name: its path below the folder that modules were imported from.
        sha256: of the file that was there when the training began.
        path: its path in the crate; None if that content was not found.
        note: where it was found, or why it was not, as the end of a sentence.
        committed: the file in the recorded commit; None if it is not in it, or that is not here.
        in_repository: its path in the repository; empty if it is not in one.
    """

    name: str
    sha256: str
    path: str | None = None
    note: str = ""
    committed: bytes | None = None
    in_repository: str = ""


def collect_sources(environment: Environment, crate: Path) -> list[SourceFile]:
    """Copy the recorded files into the folder `script` of `crate`; note what is missing."""
    folder = environment.first("process", "source_folder")
    if folder is None:
        return []
    taken: set[str] = set()
    return [
        _collected(Path(folder), name, digests[0], environment, crate, taken)
        for name, digests in environment.values.get("source", {}).items()
        if is_below(name)
    ]


def is_below(name: str) -> bool:
    """Whether a relative path stays in its folder, on any system."""
    path = PurePosixPath(name)
    unusual = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    return bool(path.parts) and not unusual and path.suffix in (".py", ".ipynb", "")


def source_of(sources: Sequence[SourceFile], folder: str, path: Path) -> SourceFile | None:
    """The recorded file that was at `path`, if it is one of the program's."""
    for source in sources:
        if Path(folder, source.name) == path:
            return source
    return None


def changes(sources: Sequence[SourceFile], crate: Path) -> str:
    """What the files of the crate have that the commit has not, as `git apply` reads it."""
    parts: list[str] = []
    for source in sources:
        if source.path is None or source.committed is None:
            continue
        now = (crate / source.path).read_bytes()
        if now != source.committed:
            parts += _difference(source.in_repository, _lines(source.committed), _lines(now))
    return "".join(parts)


def _collected(
    folder: Path, name: str, sha256: str, environment: Environment, crate: Path, taken: set[str]
) -> SourceFile:
    original = folder / name
    within, committed = _committed(environment, original)
    found, note = _content(original), "where it was"
    if found is None or _digest(found) != sha256:
        note = "it is no longer there" if found is None else "it was changed since"
        found = committed if committed is not None and _digest(committed) == sha256 else None
        note = "in the recorded commit" if found is not None else note
    if found is None:
        return SourceFile(name, sha256, None, note, committed, within)
    *parents, last = (safe_name(part) for part in PurePosixPath(name).parts)
    path = unused_name("/".join([FOLDER, *parents, last]), taken)
    target = crate / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(found)
    return SourceFile(name, sha256, path, note, committed, within)


def _committed(environment: Environment, path: Path) -> tuple[str, bytes | None]:
    """The path in the repository, empty if it is in none, and the file in the recorded commit."""
    source = environment.source
    repository = Path(source.repository) if source and source.repository else None
    if source is None or repository is None or not path.is_relative_to(repository):
        return "", None
    name = path.relative_to(repository).as_posix()
    return name, committed_file(repository, source.commit, name)


def _content(path: Path) -> bytes | None:
    try:
        with open_regular(path) as file:
            return b"".join(blocks_of(file))
    except OSError:
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="replace").splitlines(keepends=True)


def _difference(name: str, before: list[str], now: list[str]) -> Iterator[str]:
    for line in difflib.unified_diff(before, now, f"a/{name}", f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
