"""Store what ended processes of this machine left behind, before a query.

Workers of a pool are often killed while their last messages are still in their journals. A query a
moment later should see them, so we store them first, within a bounded time. Journals of running
processes are locked, and left alone.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.store_url import StoreURL, is_same_address
from ..errors import DfAnalyzerError, JournalError
from ..journal import Header, count_records, journals, read_header, try_acquire
from ..private_server import PrivateServer
from ..store import open_receiver
from ..support.descriptors import Descriptor
from ..support.safe_home import check_home

if TYPE_CHECKING:
    from .recovery import JournalStore

__all__ = ["DRAIN_SECONDS", "drain_leftovers"]

DRAIN_SECONDS = 5.0


@dataclass
class _Leftover:
    """A journal whose process is gone and whose lock we hold."""

    path: Path
    header: Header
    lock: Descriptor
    locked_at: float
    position: int = 0
    is_stored: bool = False

    def count_unstored(self) -> int:
        """How many of its messages are not stored, as far as we know."""
        if not self.is_stored:
            with contextlib.suppress(OSError):  # it was compressed just now
                return max(0, count_records(self.path) - 1 - self.position)
        return 0


def drain_leftovers(url: StoreURL | None, home: Path, seconds: float = DRAIN_SECONDS) -> int:
    """Store what ended processes left behind for one store, within a time limit.

    If nothing is left, we do not connect. What cannot be stored now is kept.

    Args:
        url: the store; None is the private server of `home`.
        home: the data folder that holds the journals.
        seconds: the limit; the rest is left to `sync`, or to the next process that captures.

    Returns:
        How many messages are still not stored.

    Raises:
        PrivateServerError: the private server cannot be started.
    """
    check_home(home, "journals")
    leftovers = list(_leftovers_for(url, home / "journals"))
    if not leftovers:
        return 0
    if url is None:
        PrivateServer(home).ensure()  # the query needs it anyway
    enough = threading.Event()
    thread = threading.Thread(  # a daemon, so that a hanging server does not block the query
        target=_store, args=(leftovers, open_receiver(url, home), enough), daemon=True
    )
    thread.start()
    thread.join(seconds)
    enough.set()
    return sum(journal.count_unstored() for journal in leftovers)


def _leftovers_for(url: StoreURL | None, folder: Path) -> Iterator[_Leftover]:
    address = None if url is None else str(url.without_password())
    for path in journals(folder):
        with contextlib.suppress(JournalError, OSError):  # its header cannot be read
            lock = try_acquire(path)
            if lock is None:
                continue
            header = read_header(path)
            if header is not None and is_same_address(header.store, address):
                yield _Leftover(path, header, lock, time.monotonic())
            else:
                lock.close()


def _store(leftovers: list[_Leftover], store: JournalStore, enough: threading.Event) -> None:
    from .recovery import drain  # nearly always, nothing is left

    try:
        for journal in leftovers:  # first, so that no stored message is counted as missing
            journal.position = max(store.position(journal.header.journal), 0)
        for journal in leftovers:
            for _ in drain(journal.path, journal.header, store, journal.locked_at):
                journal.position = max(store.position(journal.header.journal), 0)
                if enough.is_set():
                    return
            journal.is_stored = True
    except (DfAnalyzerError, OSError):
        pass  # the query that follows will report it
    finally:
        for journal in leftovers:
            journal.lock.close()
        store.close()
