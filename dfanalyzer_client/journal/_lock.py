"""The lock on a journal: its process holds it as long as it lives (``flock(2)``).

Some file systems have no locks, or have none for the moment, and Windows has none of this kind.
Then a journal counts as abandoned only if its process ran on this host and is known to be gone.
"""

from __future__ import annotations

import contextlib
import enum
import logging
import os
from pathlib import Path

from ..support.descriptors import Descriptor, open_private
from ._process import has_ended
from ._reader import read_header

__all__ = ["lock", "try_acquire"]

logger = logging.getLogger(__name__)


class _Outcome(enum.Enum):
    ACQUIRED, HELD, UNSUPPORTED = range(3)


def lock(descriptor: int) -> bool:
    """Lock our own journal as long as the descriptor is open; returns whether that is possible."""
    is_locked = _flock(descriptor) is _Outcome.ACQUIRED
    if not is_locked:
        logger.warning(
            "The journal cannot be locked: its file system has no locks. If this process is "
            "killed, only this host can store what is left in the journal."
        )
    return is_locked


def try_acquire(path: Path, *, elsewhere: bool = False) -> Descriptor | None:
    """Lock a journal if its process is gone.

    Args:
        path: the journal.
        elsewhere: whether to lock a journal of another machine, too, or one of which nothing tells
            whether its process is gone, because the caller knows that it is.

    Returns:
        A descriptor to close when done; None if the journal is in use.

    Raises:
        JournalError: the journal's header cannot be read.
    """
    try:
        descriptor = Descriptor(lambda: open_private(path, os.O_RDWR))
    except OSError:  # another process finished it meanwhile, or it is somebody else's
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
    if header is None:
        return lock is _Outcome.ACQUIRED
    if not header.is_local:
        return elsewhere
    if lock is _Outcome.ACQUIRED and header.is_locked:
        return True
    is_gone = has_ended(header)
    return elsewhere if is_gone is None else is_gone


def _is_still_there(path: Path, descriptor: int) -> bool:
    """Whether nobody replaced the file between our opening and locking it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _flock(descriptor: int) -> _Outcome:
    try:
        import fcntl
    except ImportError:  # Windows
        return _Outcome.UNSUPPORTED
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # EACCES, where locks are those of fcntl(2)
        return _Outcome.HELD
    except OSError:
        return _Outcome.UNSUPPORTED
    return _Outcome.ACQUIRED
