"""SHA-256 of files and folders, to tell whether their content is what was recorded."""

from __future__ import annotations

import errno
import hashlib
import os
from itertools import islice
from pathlib import Path
from typing import IO

from .regular_file import blocks_of, open_regular

__all__ = ["file_digest", "stream_digest"]

MAX_FILES = 100_000


def file_digest(path: str | os.PathLike[str]) -> tuple[int, str]:
    """Size and SHA-256 of a file, or of all files in a folder.

    The digest of a folder is computed over its files' digests and relative paths, sorted by path.

    Raises:
        OSError: the file is missing, unreadable or not regular, or the folder has too many files.
    """
    path = Path(path)
    if not path.is_dir():
        size, digest = 0, hashlib.sha256()
        with open_regular(path) as file:
            for block in blocks_of(file):
                size += len(block)
                digest.update(block)
        return size, digest.hexdigest()
    total, digest = 0, hashlib.sha256()
    found = (file for file in path.rglob("*") if file.is_file())
    files = {file.relative_to(path).as_posix(): file for file in islice(found, MAX_FILES + 1)}
    if len(files) > MAX_FILES:
        raise OSError(errno.EFBIG, f"it has more than {MAX_FILES} files", str(path))
    for name in sorted(files):
        size, sha256 = file_digest(files[name])
        total += size
        digest.update(sha256.encode() + b"  " + os.fsencode(name) + b"\0")
    return total, digest.hexdigest()


def stream_digest(file: IO[bytes]) -> str:
    """SHA-256 of the rest of a stream, in hexadecimal digits."""
    digest, chunk = hashlib.sha256(), 1 << 20
    while read := file.read(chunk):
        digest.update(read)
    return digest.hexdigest()
