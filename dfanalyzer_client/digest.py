"""SHA-256 of files and folders: what tells whether a content is the one that was recorded."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO

from .descriptors import open_above

__all__ = ["file_digest", "stream_digest"]


def file_digest(path: str | os.PathLike[str]) -> tuple[int, str]:
    """Size and SHA-256 of a file or of a folder's files.

    A folder's digest is that of the sorted relative paths of its files, each after its own digest.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    path = Path(path)
    if not path.is_dir():
        with open(path, "rb", opener=open_above) as file:
            return path.stat().st_size, stream_digest(file)
    total, digest = 0, hashlib.sha256()
    files = {each.relative_to(path).as_posix(): each for each in path.rglob("*") if each.is_file()}
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
