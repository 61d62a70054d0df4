"""Who writes a journal: its process holds a lock on the file while it lives (``flock(2)``).

Some file systems have no locks, nor has Windows any of this kind. There a journal counts as left
behind only if its process is known to be gone: it ran on this host, and runs no more.
"""

from __future__ import annotations

import contextlib
import enum
import logging
import os
from pathlib import Path

from ..support.descriptors import Descriptor, open_private
from ._reader import read_header

__all__ = ["lock", "try_acquire"]

logger = logging.getLogger(__name__)


class _Outcome(enum.Enum):
    ACQUIRED, HELD, UNSUPPORTED = range(3)


def lock(descriptor: int) -> None:
    """Lock our own journal, for as long as the descriptor is open."""
    if _flock(descriptor) is _Outcome.UNSUPPORTED:
        logger.warning(
            "The journal cannot be locked: there are no locks on its file system. What a kill "
            "leaves in it is taken over on this host alone."
        )


def try_acquire(path: Path, *, elsewhere: bool = False) -> Descriptor | None:
    """Lock a journal whose process is gone: a descriptor to close when done, else None.

    `elsewhere`: also one of another machine, whose process is known to be gone.

    Raises:
        JournalError: nobody can tell where the journal is from.
    """
    try:
        descriptor = Descriptor(lambda: open_private(path, os.O_RDWR))
    except OSError:  # another one took it over meanwhile, or it is somebody else's
        return None
    with contextlib.ExitStack() as undo:
        undo.callback(descriptor.close)
        if _is_abandoned(path, descriptor.number, elsewhere=elsewhere):
            undo.pop_all()
            return descriptor
    return None


def _is_abandoned(path: Path, descriptor: int, *, elsewhere: bool) -> bool:
    lock = _flock(descriptor)
    if lock is _Outcome.HELD or not _is_still_there(path, descriptor):
        return False
    header = read_header(path)
    if header is not None and not header.is_local:
        return elsewhere
    return lock is _Outcome.ACQUIRED or (header is not None and _is_gone(header.pid))


def _is_still_there(path: Path, descriptor: int) -> bool:
    """Whether nobody replaced the file between our opening and our locking it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _is_gone(pid: int) -> bool:
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _flock(descriptor: int) -> _Outcome:
    try:
        import fcntl
    except ImportError:  # Windows
        return _Outcome.UNSUPPORTED
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _Outcome.HELD
    except OSError:
        return _Outcome.UNSUPPORTED
    return _Outcome.ACQUIRED
