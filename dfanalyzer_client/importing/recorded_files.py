"""The files that an imported run wrote: path, size and SHA-256 of those that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..declarations.messages import FileMessage
from ..keras_schema import names as tags
from ..masking import captured_text, masked_location
from ..support.digest import file_digest
from .foreign_run import ForeignFile
from .times import stamp

__all__ = ["FILE_COLUMNS", "file_messages"]

FILE_COLUMNS = [
    tags.FILE_TIMESTAMP,
    tags.FILE_PATH,
    tags.FILE_KIND,
    tags.FILE_SIZE,
    tags.FILE_SHA256,
]


def file_messages(
    files: Iterable[ForeignFile], stored: set[tuple[str, int | None]]
) -> Iterator[tuple[FileMessage, list[Any]]]:
    """The message and the row of each file that is not stored with its path and size."""
    for file in files:
        path = captured_text(str(file.path), mask=masked_location)
        name = captured_text(file.path.name, mask=masked_location)
        message: FileMessage = {"name": name, "path": path, "mode": "written"}
        written = None
        try:
            found = file.path.stat()
            if (path, found.st_size) in stored:
                continue
            message["size"], message["sha256"] = file_digest(file.path)
            written = stamp(found.st_mtime)
        except OSError:  # removed since, or no regular file: it is known by its path
            if any(path == other for other, _ in stored):
                continue
        size, sha256 = message.get("size"), message.get("sha256")
        yield message, [written, path, file.kind, size, sha256]
