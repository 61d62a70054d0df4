"""Files of ours: never one of the standard descriptors, and not shared with forked children.

A process that was started without standard streams (``2>&-``) gives 0, 1 and 2 to whatever is
opened next, and C libraries print there without asking.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from .forks import undivided, unshared

__all__ = ["FIRST", "Descriptor", "above_standard", "open_above", "open_own", "pipe_above"]

FIRST = 3
"""The first that is no standard one."""

CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)  # Windows has no exec
NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def above_standard(descriptor: int) -> int:
    """`descriptor`, or one of 3 and more in its place."""
    if descriptor >= FIRST or os.name != "posix":
        return descriptor
    import fcntl

    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST)
    finally:
        os.close(descriptor)


def open_above(path: str | os.PathLike[str], flags: int, mode: int = 0o600) -> int:
    """As `os.open`, and as an `opener` of `open`: for its user alone, closed by an exec."""
    return above_standard(os.open(path, flags | CLOSE_ON_EXEC, mode))


def open_own(path: str | os.PathLike[str], flags: int, mode: int = 0o600) -> int:
    """As `open_above`, for a file of ours: OSError where a symbolic link stands in its place."""
    return open_above(path, flags | NO_LINK, mode)


def pipe_above() -> tuple[Descriptor, Descriptor]:
    """As `os.pipe`: the end to read from, and the one to write to."""
    with undivided():
        reader, writer = os.pipe()
        reader = above_standard(reader)
        return Descriptor(lambda: reader), Descriptor(lambda: above_standard(writer))


class Descriptor:
    """An open file that a forked child lets go of at once, with whatever lock is on it.

    Args:
        opened: opens it; no thread forks meanwhile.

    Attributes:
        number: the descriptor; -1 once it is closed.
    """

    def __init__(self, opened: Callable[[], int]) -> None:
        with undivided():
            self.number = opened()
            unshared(self)

    def __enter__(self) -> Descriptor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; twice is fine."""
        with undivided():
            self.let_go()

    def let_go(self) -> None:
        """Close it in a forked child, where it is the parent's."""
        number, self.number = self.number, -1
        if number >= 0:
            os.close(number)
