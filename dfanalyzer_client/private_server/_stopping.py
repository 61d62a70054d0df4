"""Stop the server, and set its database aside."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

from ..errors import PrivateServerError
from ..support.descriptors import Descriptor
from ._files import DATABASE, POLL_SECONDS, ServerFiles
from ._locks import is_locked, locked, try_acquire

__all__ = ["set_database_aside", "stop_server"]

STOP_SECONDS = 10.0
KILL_SECONDS = 10.0


def stop_server(files: ServerFiles, timeout: float) -> bool:
    """Stop the server, by force after `timeout` seconds; returns whether it was running."""
    files.check()
    if not files.folder.exists():
        return False
    files.machine.check()
    with locked(files.start_lock):
        return _stop(files, timeout)


def set_database_aside(files: ServerFiles) -> Path | None:
    """Stop the server and rename its database, so that the next start creates a new one.

    Returns:
        Where the old database is now; None if there was none.
    """
    files.create()
    files.machine.check()
    with locked(files.start_lock):
        _stop(files, STOP_SECONDS)
        with _exclusive(files):
            files.remove_incomplete()
            if not files.database.exists():
                return None
            aside = files.folder / f"{DATABASE}-aside-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
            return files.database.rename(aside)


def _stop(files: ServerFiles, timeout: float) -> bool:
    """Stop the server, even one that is starting because its starter was killed."""
    found = False
    while (state := files.settled_state()) is not None:
        _end(files, state["pid"], timeout)
        found = True
    return found


def _end(files: ServerFiles, pid: int, timeout: float) -> None:
    _signal(pid, signal.SIGTERM)
    if _ends_within(files, pid, timeout):
        return
    _signal(pid, signal.SIGKILL)
    if not _ends_within(files, pid, KILL_SECONDS):
        raise PrivateServerError(
            f"The private MonetDB (process {pid}) cannot be stopped, even by force. Its disk may "
            "not respond."
        )


def _ends_within(files: ServerFiles, pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_locked(files.lock):
        state = files.state()
        if state is not None and state["pid"] != pid:  # another server has the lock now
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        os.kill(pid, number)


def _exclusive(files: ServerFiles) -> Descriptor:
    """Hold the server's lock, so that nobody starts one; raises PrivateServerError."""
    try:
        return try_acquire(files.lock)
    except BlockingIOError:
        raise PrivateServerError(
            f"A private MonetDB is starting in {files.folder}: try again."
        ) from None
