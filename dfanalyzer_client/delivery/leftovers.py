"""Storing what ended processes of this machine left, before a question is asked.

Workers of a pool are often killed with their last messages still in their journals. Who asks a
moment later wants to see them; so they are stored first, within a bounded time. Journals of running
processes are left alone: their locks say so.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..config.store_url import StoreURL, is_same_address
from ..errors import DfAnalyzerError, JournalError
from ..journal import Header, count_records, journals, read_header, try_acquire
from ..private_server import PrivateServer
from ..store import MonetDBStore, open_store
from ..support.descriptors import Descriptor
from ..support.safe_home import check_home
from .recovery import drain

__all__ = ["DRAIN_SECONDS", "drain_leftovers"]

DRAIN_SECONDS = 5.0


@dataclass
class _Leftover:
    """A journal whose process is gone, and whose lock we hold until it is closed."""

    path: Path
    header: Header
    lock: Descriptor
    locked_at: float
    position: int = 0
    is_stored: bool = False

    def count_unstored(self) -> int:
        """How many of its messages are not stored, as far as is known."""
        if not self.is_stored:
            with contextlib.suppress(OSError):  # it was compressed just now
                return max(0, count_records(self.path) - 1 - self.position)
        return 0


def drain_leftovers(url: StoreURL | None, home: Path, seconds: float = DRAIN_SECONDS) -> int:
    """Store, for so long, what ended processes left for one store; how many messages still wait.

    Where nothing is left, nobody is connected to. What cannot be stored now waits.

    Args:
        url: the store; None is the private server of `home`.
        home: the data folder that holds the journals.
        seconds: after so long the rest is left to `sync`, or to the next process that captures.

    Raises:
        PrivateServerError: the private server cannot be started.
    """
    check_home(home, "journals")
    leftovers = list(_leftovers_for(url, home / "journals"))
    if not leftovers:
        return 0
    if url is None:
        PrivateServer(home).ensure()  # whoever asks waits for its start in any case
    enough = threading.Event()
    thread = threading.Thread(  # a daemon: a server that hangs keeps nobody from asking
        target=_store, args=(leftovers, open_store(url, home), enough), daemon=True
    )
    thread.start()
    thread.join(seconds)
    enough.set()
    return sum(each.count_unstored() for each in leftovers)


def _leftovers_for(url: StoreURL | None, folder: Path) -> Iterator[_Leftover]:
    address = None if url is None else str(url.without_password())
    for path in journals(folder):
        with contextlib.suppress(JournalError, OSError):  # nobody can tell where it is from
            lock = try_acquire(path)
            if lock is None:
                continue
            header = read_header(path)
            if header is not None and is_same_address(header.store, address):
                yield _Leftover(path, header, lock, time.monotonic())
            else:
                lock.close()


def _store(leftovers: list[_Leftover], store: MonetDBStore, enough: threading.Event) -> None:
    try:
        for each in leftovers:  # what was stored before is not told to wait
            each.position = max(store.position(each.header.journal), 0)
        for each in leftovers:
            for _ in drain(each.path, each.header, store, each.locked_at):
                each.position = max(store.position(each.header.journal), 0)
                if enough.is_set():
                    return
            each.is_stored = True
    except (DfAnalyzerError, OSError):
        pass  # the question that follows meets it, too
    finally:
        for each in leftovers:
            each.lock.close()
        store.close()
