"""Who writes a journal: its process holds a lock on the file while it lives (``flock(2)``).

Some file systems have no locks, nor has Windows any of this kind. There a journal counts as left
behind only if its process is known to be gone: it ran on this host, and runs no more.
"""

from __future__ import annotations

import enum
import logging
import os
import socket
from pathlib import Path

from ..errors import JournalError
from ._reader import read_header

__all__ = ["CLOSE_ON_EXEC", "hold", "take_over"]

logger = logging.getLogger(__name__)

CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)  # Windows has no exec


class _Lock(enum.Enum):
    OURS, OTHERS, IMPOSSIBLE = range(3)


def hold(descriptor: int) -> None:
    """Lock our own journal, for as long as the descriptor is open."""
    if _lock(descriptor) is _Lock.IMPOSSIBLE:
        logger.warning(
            "The journal cannot be locked: there are no locks on its file system. What a kill "
            "leaves in it is taken over on this host alone."
        )


def take_over(path: Path) -> int | None:
    """Lock a journal whose process is gone: a descriptor to close when done, else None."""
    try:
        descriptor = os.open(path, os.O_RDWR | CLOSE_ON_EXEC)
    except OSError:  # another one took it over meanwhile, or it is somebody else's
        return None
    if _is_left(path, descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _is_left(path: Path, descriptor: int) -> bool:
    lock = _lock(descriptor)
    if lock is _Lock.IMPOSSIBLE:
        return _process_is_gone(path)
    return lock is _Lock.OURS and _is_still_there(path, descriptor)


def _is_still_there(path: Path, descriptor: int) -> bool:
    """Whether nobody replaced the file between our opening and our locking it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _process_is_gone(path: Path) -> bool:
    try:
        header = read_header(path)
        if header is None or header.host != socket.gethostname() or os.name != "posix":
            return False
        os.kill(header.pid, 0)
    except ProcessLookupError:
        return True
    except (JournalError, OSError):
        return False
    return False


def _lock(descriptor: int) -> _Lock:
    try:
        import fcntl
    except ImportError:  # Windows
        return _Lock.IMPOSSIBLE
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _Lock.OTHERS
    except OSError:
        return _Lock.IMPOSSIBLE
    return _Lock.OURS
