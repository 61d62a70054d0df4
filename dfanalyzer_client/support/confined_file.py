"""Open a file only if it is below a folder, whatever links and ``..`` its path has.

The path is resolved first, and then opened folder by folder, from the allowed one down, without
following a link. So a link that is put there in between leads nowhere, and nothing outside of the
folder is ever opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from .descriptors import open_nofollow, open_private
from .regular_file import NON_BLOCKING, check_regular

__all__ = ["can_confine", "folder_of", "open_below"]

FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)


def can_confine() -> bool:
    """Whether this system can open a file relative to a folder."""
    return os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def folder_of(path: str, folders: Iterable[Path]) -> tuple[Path, Path] | None:
    """The folder that a path leads into, and the way from there; None if it leads into none.

    Args:
        path: an absolute path, with links and ``..`` as they come.
        folders: resolved paths of folders.
    """
    try:
        resolved = Path(os.path.realpath(path))
    except OSError:  # a link was replaced while it was followed
        return None
    for folder in folders:
        if resolved != folder and resolved.is_relative_to(folder):
            return folder, resolved.relative_to(folder)
    return None


def open_below(folder: Path, relative: Path) -> IO[bytes]:
    """Open a regular file for reading.

    Args:
        folder: a resolved path.
        relative: the way from there, without ``..``.

    Raises:
        OSError: it is missing, unreadable, no regular file, or behind a link.
    """
    *between, name = relative.parts
    at = open_private(folder, FOLDER)
    try:
        for part in between:
            inner = open_nofollow(part, FOLDER, dir_fd=at)
            os.close(at)
            at = inner
        descriptor = open_nofollow(name, os.O_RDONLY | NON_BLOCKING, dir_fd=at)
    finally:
        os.close(at)
    try:
        check_regular(os.fstat(descriptor), folder / relative)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
