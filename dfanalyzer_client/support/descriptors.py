"""Files of ours: never one of the standard descriptors, and not shared with forked children.

A process that was started without standard streams (``2>&-``) gives 0, 1 and 2 to whatever is
opened next, and C libraries print there without asking.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from .forks import close_in_children, fork_lock

__all__ = [
    "FIRST_FREE",
    "Descriptor",
    "move_above_standard",
    "open_nofollow",
    "open_private",
    "private_pipe",
]

FIRST_FREE = 3
"""The first that is no standard one."""

CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)  # Windows has no exec
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def move_above_standard(descriptor: int) -> int:
    """`descriptor`, or one of 3 and more in its place."""
    if descriptor >= FIRST_FREE or os.name != "posix":
        return descriptor
    import fcntl

    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
    finally:
        os.close(descriptor)


def open_private(path: str | os.PathLike[str], flags: int, mode: int = 0o600) -> int:
    """As `os.open`, and as an `opener` of `open`: for its user alone, closed by an exec."""
    return move_above_standard(os.open(path, flags | CLOSE_ON_EXEC, mode))


def open_nofollow(path: str | os.PathLike[str], flags: int, mode: int = 0o600) -> int:
    """As `open_private`, for a file of ours: OSError where a symbolic link stands in its place."""
    return open_private(path, flags | NO_LINK, mode)


def private_pipe() -> tuple[Descriptor, Descriptor]:
    """As `os.pipe`: the end to read from, and the one to write to."""
    with fork_lock():
        reader, writer = os.pipe()
        reader = move_above_standard(reader)
        return Descriptor(lambda: reader), Descriptor(lambda: move_above_standard(writer))


class Descriptor:
    """An open file that a forked child lets go of at once, with whatever lock is on it.

    Args:
        opened: opens it; no thread forks meanwhile.

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
        """Close it; twice is fine."""
        with fork_lock():
            self.close_inherited()

    def close_inherited(self) -> None:
        """Close it in a forked child, where it is the parent's."""
        number, self.number = self.number, -1
        if number >= 0:
            os.close(number)
