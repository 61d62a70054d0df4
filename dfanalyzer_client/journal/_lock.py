"""The lock on a journal: its process holds it as long as it lives (``flock(2)``).

Some file systems have no locks, and Windows has none of this kind. There a journal counts as
abandoned only if its process ran on this host and is known to be gone.
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
    """Lock our own journal as long as the descriptor is open."""
    if _flock(descriptor) is _Outcome.UNSUPPORTED:
        logger.warning(
            "The journal cannot be locked: its file system has no locks. If this process is "
            "killed, only this host can store what is left in the journal."
        )


def try_acquire(path: Path, *, elsewhere: bool = False) -> Descriptor | None:
    """Lock a journal if its process is gone.

    Args:
        path: the journal.
        elsewhere: whether to lock a journal of another machine, too, because the caller knows that
            its process is gone.

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
    if header is not None and not header.is_local:
        return elsewhere
    return lock is _Outcome.ACQUIRED or (header is not None and _is_gone(header.pid))


def _is_still_there(path: Path, descriptor: int) -> bool:
    """Whether nobody replaced the file between our opening and locking it."""
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
