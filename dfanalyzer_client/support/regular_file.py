"""Read regular files only: opening a pipe may block for ever, and a device never ends.

A file is read up to the size that it had when it was opened, so reading a growing file ends, too.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .descriptors import open_private

__all__ = ["blocks_of", "check_regular", "copy_folder", "copy_regular", "open_regular"]

NON_BLOCKING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
BLOCK_BYTES = 1 << 20
SPARSE_BYTES, SPARSE_RATIO = 1 << 30, 64
"""A file larger than 1 GiB of which less than a 64th is on the disk is sparse, and not read:
reading it could take hours, while creating it costs nothing."""

STAT_BLOCK_BYTES = 512
"""Unit of st_blocks (stat(2))."""


def open_regular(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open a file, or a link to one, for reading.

    Raises:
        OSError: the file is missing, unreadable, or not a regular file.
    """
    check_regular(Path(path).stat(), path)  # before opening it: that alone may change a device
    descriptor = open_private(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | NON_BLOCKING)
    try:
        check_regular(os.fstat(descriptor), path)  # it may have been replaced in between
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def blocks_of(file: IO[bytes]) -> Iterator[bytes]:
    """The content of a regular file, up to its size; raises OSError if it has none.

    Files of the system, as in /proc, report the size 0 and may never end.
    """
    left = os.fstat(file.fileno()).st_size
    if not left and file.read(1):
        raise OSError(errno.EINVAL, "it has no size")
    while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
        left -= len(block)
        yield block


def copy_regular(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Copy the content of a regular file; raises OSError as `open_regular` does."""
    with open_regular(source) as file, open(target, "wb", opener=open_private) as copy:
        for block in blocks_of(file):
            copy.write(block)


def copy_folder(source: Path, target: Path) -> None:
    """Copy the regular files of a folder, without following links to folders; raises OSError."""

    def ignored(folder: str, names: list[str]) -> list[str]:
        paths = {name: Path(folder, name) for name in names}
        return [
            name
            for name, path in paths.items()
            if not path.is_file() and (path.is_symlink() or not path.is_dir())
        ]

    shutil.copytree(source, target, ignore=ignored, copy_function=copy_regular)


def check_regular(found: os.stat_result, path: str | os.PathLike[str]) -> None:
    """Raise OSError for what is no regular file, or a hole that would take hours to read."""
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
    stored = getattr(found, "st_blocks", found.st_size) * STAT_BLOCK_BYTES
    if found.st_size > SPARSE_BYTES and stored < found.st_size // SPARSE_RATIO:
        raise OSError(errno.EFBIG, "nearly all of it is a hole", os.fspath(path))
