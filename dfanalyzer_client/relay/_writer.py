"""Write what arrives from many journals, from one thread, in transactions of many batches."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..errors import DfAnalyzerError, StoreUnavailableError
from ..journal import Record, parsed
from ..store import MonetDBStore

__all__ = ["BusyError", "Stored", "Writer"]

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

QUEUED_BYTES = 256 << 20
"""How much may wait in memory; then senders are told to come again."""

GROUP_BYTES = 4 << 20
"""About so much is written in one transaction."""

SETTLE_SECONDS = 1.0
"""After so long, a COMMIT is done that a killed relay had sent."""

STOP_SECONDS = 10.0
IDLE_SECONDS = 60.0
"""After so long without work, the connection to the database is closed."""


class BusyError(StoreUnavailableError):
    """Too much waits to be written."""


@dataclass(frozen=True)
class Stored:
    """How far a journal is stored, and how many records were left out as they were erased."""

    position: int
    left_out: int = 0


@dataclass
class _Batch:
    """Records of one journal, as its lines, and the head of its hash chain after them."""

    journal: str
    body: bytes
    head: bytes = b""
    done: Future[Stored] = field(default_factory=Future)


@dataclass
class _Question(Generic[Answer]):
    """Something else to be done with the store."""

    ask: Callable[[MonetDBStore], Answer]
    done: Future[Answer] = field(default_factory=Future)


class Writer:
    """One thread with one connection; what it is given is written in the order of arrival.

    Args:
        store: where to; nobody else may use the object.
        queued_bytes: how much may wait.
    """

    def __init__(self, store: MonetDBStore, queued_bytes: int = QUEUED_BYTES) -> None:
        self._store, self._limit = store, queued_bytes
        self._queue: queue.SimpleQueue[_Batch | _Question[Any] | None] = queue.SimpleQueue()
        self._next: _Batch | _Question[Any] | None = None
        self._bytes, self._lock = 0, threading.Lock()
        self._begin = time.monotonic() + SETTLE_SECONDS
        self._thread = threading.Thread(target=self._run, name="keras-prov-relay", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, if that does not take long, and end the thread."""
        self._queue.put(None)
        self._thread.join(STOP_SECONDS)

    def reserve(self, size: int) -> None:
        """Make room for a batch of so many bytes; raises BusyError if too much waits already."""
        with self._lock:
            if self._bytes and self._bytes + size > self._limit:
                raise BusyError("too many messages wait to be stored.")
            self._bytes += size

    def release(self, size: int) -> None:
        """Give room back."""
        with self._lock:
            self._bytes -= size

    def write(self, journal: str, body: bytes, head: bytes = b"") -> Future[Stored]:
        """Store lines of a journal, and the head of its hash chain after them."""
        batch = _Batch(journal, body, head)
        self._queue.put(batch)
        return batch.done

    def ask(self, question: Callable[[MonetDBStore], Answer]) -> Future[Answer]:
        """What a function says of the store."""
        asked = _Question(question)
        self._queue.put(asked)
        return asked.done

    def _run(self) -> None:
        rest: float | None = None
        while True:
            try:
                waited = self._next or self._queue.get(timeout=rest or IDLE_SECONDS)
            except queue.Empty:
                if rest is None:
                    self._store.close()
                rest = self._apply_pending()
                continue
            if waited is None:
                break
            self._next = None
            if isinstance(waited, _Batch):
                self._write_group(self._group(waited))
                rest = self._apply_pending()
            else:
                _answer(waited, self._store)
        self._store.close()

    def _group(self, first: _Batch) -> list[_Batch]:
        """The batches that are written in one transaction, each of another journal."""
        group, size = {first.journal: first}, len(first.body)
        while size < GROUP_BYTES:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if not isinstance(following, _Batch) or following.journal in group:
                self._next = following
                if following is None:
                    self._queue.put(None)
                break
            group[following.journal] = following
            size += len(following.body)
        return list(group.values())

    def _write_group(self, group: list[_Batch]) -> None:
        readable = [(batch, records) for batch in group if (records := _records(batch))]
        if not readable:
            return
        time.sleep(max(0.0, self._begin - time.monotonic()))
        try:
            self._store_batches(readable)
        except StoreUnavailableError as error:
            for batch, _ in readable:
                batch.done.set_exception(error)
        except Exception as error:
            if len(readable) == 1:
                readable[0][0].done.set_exception(error)
                return
            for each in readable:  # one of them is to blame
                self._write_group([each[0]])

    def _store_batches(self, group: Sequence[tuple[_Batch, list[Record]]]) -> None:
        self._store.look_up_positions([batch.journal for batch, _ in group])
        self._store.write_all({batch.journal: records for batch, records in group})
        for batch, records in group:
            left_out = sum(self._store.erasures.names(record.message) for record in records)
            batch.done.set_result(Stored(self._store.position(batch.journal), left_out))

    def _apply_pending(self) -> float | None:
        try:
            return self._store.apply_pending()
        except DfAnalyzerError as error:
            logger.info("Pending columns and links are tried again later: %s", error)
        except Exception:
            logger.exception("Trying pending columns and links failed because of a bug.")
        return None


def _records(batch: _Batch) -> list[Record] | None:
    """The records of a batch; None if its lines are damaged, which its sender is told."""
    records = [parsed(line) for line in batch.body.removesuffix(b"\n").split(b"\n")]
    found = [record for record in records if record is not None]
    sequences = [record.sequence for record in found]
    if found and len(found) == len(records) and sequences == sorted(set(sequences)):
        return [*found[:-1], found[-1]._replace(head=batch.head)]
    batch.done.set_exception(ValueError("The lines of the journal are damaged."))
    return None


def _answer(asked: _Question[Answer], store: MonetDBStore) -> None:
    try:
        asked.done.set_result(asked.ask(store))
    except Exception as error:
        asked.done.set_exception(error)
