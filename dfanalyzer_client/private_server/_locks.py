"""Locks on files, which processes hold while they are, start or stop the server."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import PrivateServerError
from ..support.descriptors import Descriptor, open_nofollow
from ..support.forks import fork_lock

__all__ = ["acquire", "is_locked", "locked", "try_acquire"]

ACQUIRE_SECONDS, POLL_SECONDS = 0.2, 0.01
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock on a file within the block; a forked child does not hold it."""
    descriptor = acquire(path)
    try:
        yield
    finally:
        descriptor.close()


def acquire(path: Path, *, wait: bool = True) -> Descriptor:
    """Lock a file until the descriptor is closed.

    Raises:
        BlockingIOError: without `wait`, if another process holds the lock.
        PrivateServerError: the file system has no locks.
    """
    import fcntl  # here, because Windows has none and imports this module, too

    descriptor = Descriptor(lambda: open_nofollow(path, os.O_RDWR | os.O_CREAT))
    try:
        fcntl.flock(descriptor.number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException as error:
        descriptor.close()
        if isinstance(error, OSError) and error.errno in NO_LOCKS:
            raise PrivateServerError(
                f"The private MonetDB cannot keep its files in {path.parent}: that file system has "
                "no locks. Set KERAS_PROV_HOME to a folder on another one, or KERAS_PROV_STORE to "
                "the URL of a server."
            ) from None
        raise
    return descriptor


def try_acquire(path: Path) -> Descriptor:
    """Like `acquire` without waiting, except for the moment that `is_locked` takes to check."""
    deadline = time.monotonic() + ACQUIRE_SECONDS
    while True:
        try:
            return acquire(path, wait=False)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(POLL_SECONDS)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock on a file."""
    try:
        with fork_lock():  # otherwise a forked child would keep the lock
            acquire(path, wait=False).close()
    except BlockingIOError:
        return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    return False
