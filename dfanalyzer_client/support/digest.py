"""SHA-256 of files and folders: what tells whether a content is the one that was recorded."""

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
    """Size and SHA-256 of a file or of a folder's files.

    A folder's digest is that of the sorted relative paths of its files, each after its own digest.

    Raises:
        OSError: it is not there, cannot be read, is no regular file, or has too many.
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
    found = (each for each in path.rglob("*") if each.is_file())
    files = {each.relative_to(path).as_posix(): each for each in islice(found, MAX_FILES + 1)}
    if len(files) > MAX_FILES:
        raise OSError(errno.EFBIG, f"it has more than {MAX_FILES} files", str(path))
    for name in sorted(files):
        size, sha256 = file_digest(files[name])
        total += size
        digest.update(sha256.encode() + b"  " + os.fsencode(name) + b"\0")
    return total, digest.hexdigest()


def stream_digest(file: IO[bytes]) -> str:
    """SHA-256 of what is left to read, in hexadecimal digits."""
    digest, chunk = hashlib.sha256(), 1 << 20
    while read := file.read(chunk):
        digest.update(read)
    return digest.hexdigest()
