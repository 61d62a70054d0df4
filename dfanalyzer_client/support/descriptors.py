"""Open our own files: never as a standard descriptor, and not shared with forked children.

In a process that was started without standard streams (``2>&-``), the next files to be opened get
the descriptors 0, 1 and 2, and C libraries would print into them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable

from .forks import close_in_children, fork_lock

__all__ = [
    "FIRST_FREE",
    "Descriptor",
    "PrivateFile",
    "move_above_standard",
    "open_nofollow",
    "open_private",
    "private_pipe",
]

FIRST_FREE = 3
"""The first descriptor after standard input, output and error."""

CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)  # Windows has no exec
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def move_above_standard(descriptor: int) -> int:
    """`descriptor`, replaced by one of 3 or more if it is a standard one."""
    if descriptor >= FIRST_FREE or os.name != "posix":
        return descriptor
    import fcntl

    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
    finally:
        os.close(descriptor)


def open_private(
    path: str | os.PathLike[str], flags: int, mode: int = 0o600, *, dir_fd: int | None = None
) -> int:
    """Like `os.open`, also as an `opener` of `open`: mode 0600, closed on exec."""
    return move_above_standard(os.open(path, flags | CLOSE_ON_EXEC, mode, dir_fd=dir_fd))


def open_nofollow(
    path: str | os.PathLike[str], flags: int, mode: int = 0o600, *, dir_fd: int | None = None
) -> int:
    """Like `open_private`, but raises OSError if the path is a symbolic link."""
    return open_private(path, flags | NO_LINK, mode, dir_fd=dir_fd)


def private_pipe() -> tuple[Descriptor, Descriptor]:
    """Like `os.pipe`: the end to read from, and the end to write to."""
    with fork_lock():
        reader, writer = os.pipe()
        reader = move_above_standard(reader)
        return Descriptor(lambda: reader), Descriptor(lambda: move_above_standard(writer))


class PrivateFile(io.FileIO):
    """A file to read, which a forked child closes at once. It has no buffer, and so no lock."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open `path`; raises OSError."""
        with fork_lock():
            super().__init__(os.fspath(path), "rb", opener=open_private)
            close_in_children(self)

    def close_inherited(self) -> None:
        """Close the parent's file in a forked child."""
        self.close()


class Descriptor:
    """An open file that a forked child closes at once, so that no lock on it outlives us.

    Args:
        opened: opens the file and returns its descriptor; no thread forks meanwhile.

    Attributes:
        number: the descriptor; -1 once it is closed.
    """

    def __init__(self, opened: Callable[[], int]) -> None:
        with fork_lock():
            self.number = opened()
            close_in_children(self)

    def __enter__(self) -> Descriptor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing it twice is harmless."""
        with fork_lock():
            self.close_inherited()

    def close_inherited(self) -> None:
        """Close the parent's descriptor in a forked child."""
        number, self.number = self.number, -1
        if number >= 0:
            os.close(number)
