"""Drain journals whose process is gone: store what it could not store any more.

Exactly one process does so, the one that holds the journal's lock. It goes in small steps, so that
a process can do its own work in between.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ..config import settings
from ..config.store_url import is_same_address
from ..declarations.erasures import Erasures, execution_named
from ..errors import JournalError
from ..journal import (
    DeadLetters,
    Header,
    JournalReader,
    Record,
    append_records,
    compressed,
    is_done,
    journals,
    purge,
    read_header,
    remove_expired,
    try_acquire,
)
from ..support.clock import timestamp
from .batches import BATCH_RECORDS, Store, store_batch
from .dead_letters import retry_for_store
from .open_tasks import OpenTasks

__all__ = ["JournalStore", "drain", "drain_orphans"]

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 1.0
"""After so long, a COMMIT that a killed process had sent is done."""

RECENT_SECONDS = 60.0
SEEN_BYTES = 1 << 16
STEP_SECONDS = 0.05


class JournalStore(Store, Protocol):
    """What draining a journal needs of a store."""

    def forget_position(self, journal: str) -> None:
        """Forget how far `journal` is stored, because somebody else may have stored more."""

    def prune_marks(self, journal: str) -> None:
        """Remove all marks of a journal except how far it is stored."""

    @property
    def erasures(self) -> Erasures:
        """What was erased, as far as it is known here."""

    @property
    def left_out(self) -> int:
        """How many messages were not stored, because their executions were erased."""


def drain_orphans(folder: Path, address: str | None, store: JournalStore) -> Iterator[None]:
    """Drain, step by step, the journals in `folder` that were left behind for one store.

    Args:
        folder: holds journals.
        address: the store's URL as journals name it; None is the private server.
        store: that store.
    """
    remove_expired(folder, settings.retention_days())
    for path in journals(folder):
        try:
            yield from _drain_if_for(path, address, store)
        except JournalError as error:
            logger.warning("%s", error)
        except (OSError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
            logger.exception("The journal %s cannot be stored, and is left as it is.", path)
    for _ in retry_for_store(folder, address, store):
        yield


def _drain_if_for(path: Path, address: str | None, store: JournalStore) -> Iterator[None]:
    descriptor = try_acquire(path)
    if descriptor is None:
        return
    try:
        header = read_header(path)
        if header is None or is_same_address(header.store, address):
            for _ in drain(path, header, store):
                yield
    finally:
        descriptor.close()


def drain(
    path: Path, header: Header | None, store: JournalStore, since: float | None = None
) -> Iterator[int]:
    """Store, step by step, a journal whose lock we hold, then compress it.

    Tasks that its process left open are ended first. An empty journal is removed.

    Args:
        path: the journal.
        header: its header.
        store: where to store it.
        since: when its lock was acquired (`time.monotonic`), if not just now.

    Yields:
        How many messages each step stored.

    Raises:
        JournalError: it cannot be written to.
        StoreError: the store cannot be reached, or refuses the login.
    """
    if header is None or (not is_done(path) and _is_empty(path)):
        path.unlink()
        return
    if not is_done(path):
        for _ in _end_open_tasks(path, header, store, time.monotonic() if since is None else since):
            yield 0
    named = set[tuple[str, str]]()
    yield from _store_records(path, header, store, named)
    with contextlib.ExitStack() as stack:
        if any(store.erasures.has_execution(*execution) for execution in named):
            stack.callback(purge(path, store.erasures)[1].close)
        if not is_done(path):
            store.prune_marks(header.journal)
            with contextlib.suppress(OSError):  # the disk is full: another process tries again
                for _ in compressed(path, keep=header.store is None):
                    yield 0


def _is_empty(path: Path) -> bool:
    """Whether a journal has only its header, as of a service that received nothing."""
    return all(record.sequence == 0 for record in JournalReader(path).read(SEEN_BYTES))


def _wait_for_commit(path: Path, since: float) -> Iterator[None]:
    """Let the server finish the process's last statement, before we ask what is stored."""
    until = since + SETTLE_SECONDS
    while time.time() - path.stat().st_mtime < RECENT_SECONDS and time.monotonic() < until:
        time.sleep(STEP_SECONDS)
        yield


def _store_records(
    path: Path, header: Header, store: JournalStore, named: set[tuple[str, str]]
) -> Iterator[int]:
    """Store what is left of a journal, and note which executions it names."""
    store.forget_position(header.journal)
    stored = max(store.position(header.journal), 0)
    dead_letters = DeadLetters.of_journal(path)
    for records in JournalReader(path).batches():
        fresh = [record for record in records if record.sequence > stored]
        executions = (execution_named(record.message) for record in records)
        named.update(execution for execution in executions if execution is not None)
        for first in range(0, len(fresh), BATCH_RECORDS):
            batch = fresh[first : first + BATCH_RECORDS]
            left_out = store.left_out
            store_batch(store, header.journal, batch, dead_letters)
            yield len(batch) - (store.left_out - left_out)
        if not fresh:
            yield 0


def _end_open_tasks(
    path: Path, header: Header, store: JournalStore, since: float
) -> Iterator[None]:
    """Append to the journal the ends of tasks that its process left open."""
    tasks, last = OpenTasks(), 0
    for records in JournalReader(path).batches():
        for record in records:
            tasks.ingest(record.message)
        last = records[-1].sequence
        yield
    when = timestamp(datetime.fromtimestamp(path.stat().st_mtime, UTC))
    ends = [] if header.relays else tasks.end_messages(when)
    store.forget_position(header.journal)
    if store.position(header.journal) < last:  # else nothing is on its way
        yield from _wait_for_commit(path, since)
    if ends:
        append_records(path, [Record(number, end) for number, end in enumerate(ends, last + 1)])
