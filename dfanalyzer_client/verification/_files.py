"""Compare the files of an execution with the SHA-256 that was recorded of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..executions.record import FileRecord
from ..support.digest import file_digest
from ._findings import Finding, State

__all__ = ["checked_files"]


def checked_files(files: Sequence[FileRecord]) -> Iterator[Finding]:
    """What is found of each file and folder; of one written several times, the last content counts.

    A file that is not where it was is unknown: it may be on another machine.
    """
    newest = {file.path: file for file in files if file.sha256 is not None}
    for path, file in newest.items():
        yield _checked(Path(path), str(file.sha256))


def _checked(path: Path, recorded: str) -> Finding:
    try:
        _, found = file_digest(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Finding("file", str(path), State.UNKNOWN, f"it cannot be read here: {reason}")
    if found != recorded:
        detail = f"its SHA-256 is {found}, and {recorded} was recorded"
        return Finding("file", str(path), State.ALTERED, detail)
    return Finding("file", str(path), State.UNCHANGED, f"SHA-256 {found}")
