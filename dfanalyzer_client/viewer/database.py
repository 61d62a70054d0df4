"""The database that the viewer shows, read by several threads as its reader."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ..config.store_url import StoreURL
from ..delivery.leftovers import drain_leftovers
from ..errors import DfAnalyzerError, RefusedError, StoreUnavailableError
from ..store import Connection, reader_connection

__all__ = ["SECONDS", "Database"]

SECONDS = 30
"""After which the server ends a statement of a page."""

MAX_IDLE = 8
"""So many connections are kept for the next requests."""

TRUSTED_SECONDS = 1.0
"""A connection that was not used for so long may have died."""

LEFTOVER_SECONDS = 5.0
"""So often, what ended processes left behind is stored."""


class Database:
    """Gives connections, which may only read, to the threads that answer requests.

    Attributes:
        store: its URL; None is the private server of `home`.
        home: the data folder.
    """

    def __init__(self, store: StoreURL | None, home: Path) -> None:
        self.store, self.home = store, home
        self._idle: list[tuple[Connection, float]] = []
        self._lock = threading.Lock()
        self._stored_leftovers_at = 0.0
        self._is_closed = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for this thread, until the end of the ``with``; raises StoreError."""
        connection = self._taken() or self._opened()
        try:
            yield connection
        except StoreUnavailableError:
            connection.close()
            raise
        except DfAnalyzerError:
            self._put_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        else:
            self._put_back(connection)

    def store_leftovers(self) -> None:
        """Store what ended processes of this machine left behind, if it is time to."""
        now = time.monotonic()
        with self._lock:
            if now - self._stored_leftovers_at < LEFTOVER_SECONDS:
                return
            self._stored_leftovers_at = now
        drain_leftovers(self.store, self.home)

    def close(self) -> None:
        """Close the connections that are not used; the others are closed when they are free."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _opened(self) -> Connection:
        connection = reader_connection(self.store, self.home)
        with contextlib.suppress(RefusedError), connection.transaction():  # old servers lack it
            connection.execute(f"CALL sys.setquerytimeout({SECONDS})")
        return connection

    def _taken(self) -> Connection | None:
        """A connection that was used before and still works."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if time.monotonic() - since < TRUSTED_SECONDS or _works(connection):
                return connection
            connection.close()

    def _put_back(self, connection: Connection) -> None:
        connection.rollback()
        with self._lock:
            if not self._is_closed and len(self._idle) < MAX_IDLE:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()


def _works(connection: Connection) -> bool:
    try:
        connection.query("SELECT 1")
    except DfAnalyzerError:
        return False
    connection.rollback()
    return True
