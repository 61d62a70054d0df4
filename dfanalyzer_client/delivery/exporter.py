"""From the journal to the store, in batches, from one background thread.

The thread reads the journal's file; nothing is handed to it in memory, so a store that is away for
a month costs disk and no memory. It promises what an exporter of OpenTelemetry does: `wake` never
blocks or raises, and `flush` ends in time and says whether all was stored.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set

from ..errors import DfAnalyzerError
from ..journal import DeadLetters, JournalReader, Record
from ..support.jitter import JitteredWait
from .batches import BATCH_RECORDS, TRANSIENT_ERRORS, Store, store_batch

__all__ = ["Exporter"]

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 0.5
"""A COMMIT whose answer was lost is done by then, and how far we came is asked anew."""

POLL_SECONDS = 5.0
"""So long after the last message the thread looks for more by itself: being woken costs whoever
says something 15 to 50 µs between two epochs, and a look at the file costs nobody anything."""

MIN_POLL_INTERVAL = 0.05
"""Seconds between two looks, at least; who wants messages stored sooner than that wakes it."""

MAX_BACKOFF_IN_FLUSH = 0.5
STOP_SECONDS = 5.0
IDLE_SECONDS = 60.0
"""With nothing to ship for so long the connection is closed, so that an idle server may stop."""


class _DatabaseIsNewError(Exception):
    """The store knows less of the journal than was stored: the database was made anew."""


class Exporter:
    """Ships one journal; its thread starts at the first `wake`.

    Args:
        path: the journal's file.
        journal: its id.
        connect: makes a store.
        chores: what the thread does, step by step, while it has nothing to ship; begun anew when
            the store was away.
        seconds: how long messages may wait for others to be stored with them.
    """

    def __init__(
        self,
        path: Path,
        journal: str,
        connect: Callable[[], Store],
        idle_work: Callable[[Any], Iterator[None]] | None = None,
        seconds: float = 0.0,
    ) -> None:
        self._reader, self._journal, self._connect = JournalReader(path), journal, connect
        self._start_idle_work, self._idle_work_started, self._seconds = idle_work, False, seconds
        self._idle_work: Iterator[None] | None = None
        self._dead_letters = DeadLetters.of_journal(path)
        self._store: Store | None = None
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._wake, self._flush_now = threading.Event(), threading.Event()
        self._stopping = threading.Event()
        self._progress = threading.Condition()
        self._outage = self._polling = False
        self._flushing = 0
        self.stored_sequence = 0  # record 0 describes the journal: there is nothing to ship in it

    def wake(self, sequence: int = 0) -> None:
        """Say that the journal has grown up to the record `sequence`."""
        if not self._polling and not self._wake.is_set():
            self._wake.set()
        if sequence - self.stored_sequence >= BATCH_RECORDS and not self._outage:
            self._flush_now.set()
        if self._thread is None:
            self._start()

    def flush(self, sequence: int, timeout: float | None) -> bool:
        """Wait until the record `sequence` is stored or set aside; False when time was up."""
        with self._progress:
            self._flushing += 1
            self._flush_now.set()
            self.wake()
            self._progress.wait_for(
                lambda: self.stored_sequence >= sequence or self._stopping.is_set(), timeout
            )
            self._flushing -= 1
            return self.stored_sequence >= sequence

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """End the thread after what it does now; whether it has ended within the time."""
        self._stopping.set()
        self._flush_now.set()
        self._wake.set()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None and not self._stopping.is_set():
                thread = threading.Thread(target=self._run, name="keras-prov-exporter", daemon=True)
                try:
                    thread.start()
                    self._thread = thread
                except RuntimeError as error:  # no more threads; none at the interpreter's end
                    self._stopping.set()
                    logger.warning(
                        "This process cannot store what is captured (%s). Nothing is lost: "
                        "`keras-prov sync` stores what is in %s.",
                        error,
                        self._reader.path,
                    )

    def _run(self) -> None:
        # At once, for what it imports: Python forgets that a script was interrupted, and that its
        # exit status says so, when a module executes text while the script ends, as dataclasses do.
        try:
            self._store = self._connect()
        except Exception:
            self._give_up()
        self._begin_idle_work()
        rest: float | None = None
        while not self._stopping.is_set():
            idle = IDLE_SECONDS if rest is None else rest
            if self._wake.wait(0.0 if self._idle_work is not None else idle):
                self._collect()
                self._wake.clear()  # before reading, or a record that comes meanwhile is overlooked
                self._flush_now.clear()
                self._drain()
                self._poll()
                rest = self._apply_pending()
            elif self._idle_work is not None:
                self._idle_step()
            else:
                rest = self._apply_pending()
                if rest is None:
                    self._close()
        self._idle_work = None
        self._close()

    def _poll(self) -> None:
        """Look for more messages, unasked, until there were none for a while."""
        if self._seconds < MIN_POLL_INTERVAL:
            return
        self._polling = True
        stored_sequence, until = self.stored_sequence, time.monotonic() + POLL_SECONDS
        while time.monotonic() < until and not self._stopping.is_set():
            self._collect()
            self._flush_now.clear()  # before reading, likewise
            self._drain()
            if self.stored_sequence != stored_sequence:
                stored_sequence, until = self.stored_sequence, time.monotonic() + POLL_SECONDS
        self._polling = False
        self._drain()  # who said something just now did not wake us

    def _collect(self) -> None:
        """Let more messages come, and do chores meanwhile."""
        deadline = time.monotonic() + self._seconds
        while self._idle_work is not None and not self._flush_now.is_set():
            if time.monotonic() >= deadline:
                return
            self._idle_step()
        self._flush_now.wait(max(0.0, deadline - time.monotonic()))

    def _begin_idle_work(self) -> None:
        if self._start_idle_work is not None and not self._idle_work_started:
            self._idle_work, self._idle_work_started = self._start_idle_work(self._store), True

    def _idle_step(self) -> None:
        """One step of what is left when there is nothing to ship: never at the cost of that."""
        try:
            if self._idle_work is not None:
                next(self._idle_work)
        except StopIteration:
            self._idle_work = None
        except DfAnalyzerError as error:
            self._idle_work, self._idle_work_started = None, not isinstance(error, TRANSIENT_ERRORS)
            logger.info("What earlier processes left is not stored yet: %s", error)
        except Exception:
            self._idle_work = None
            logger.exception("Storing what earlier processes left ended by a mistake of ours.")

    def _drain(self) -> None:
        try:
            while not self._stopping.is_set() and (records := self._reader.read()):
                try:
                    for first in range(0, len(records), BATCH_RECORDS):
                        self._store_retrying(records[first : first + BATCH_RECORDS])
                except _DatabaseIsNewError:
                    self.stored_sequence = 0
                    self._reader.rewind()  # it is told everything
        except Exception:
            self._give_up()
        self._apply_pending()

    def _apply_pending(self) -> float | None:
        """Let the store bring forward what was held up; in how many seconds it is time again."""
        try:
            return None if self._store is None else self._store.apply_pending()
        except DfAnalyzerError as error:
            logger.info("What was held up in the store is brought forward later: %s", error)
        except Exception:
            logger.exception("Bringing forward what was held up ended by a mistake of ours.")
        return None

    def _give_up(self) -> None:
        """Never the training's concern; what was read is still in the journal, for `sync`."""
        logger.exception(
            "Storing what was captured ended by a mistake of ours. Nothing is lost: "
            "`keras-prov sync` stores what is in %s.",
            self._reader.path,
        )
        self._stopping.set()
        with self._progress:
            self._progress.notify_all()

    def _store_retrying(self, records: list[Record]) -> None:
        retrying = Retrying(
            retry=retry_if_exception_type(TRANSIENT_ERRORS),
            wait=JitteredWait(multiplier=0.25, min=SETTLE_SECONDS, max=30.0),
            stop=stop_when_event_set(self._stopping),
            sleep=self._back_off,
            before_sleep=self._report,
            reraise=True,
        )
        try:
            retrying(self._store_once, records)
        except TRANSIENT_ERRORS:
            return  # told to stop: the journal keeps it
        if self._outage:
            logger.warning("The store is back; what waited is being stored.")
        self._outage = False
        self._begin_idle_work()
        with self._progress:
            self.stored_sequence = max(self.stored_sequence, records[-1].sequence)
            self._progress.notify_all()

    def _store_once(self, records: list[Record]) -> None:
        assert self._store is not None  # noqa: S101 (for the type checker: made by `_run`)
        if max(self._store.position(self._journal), 0) < self.stored_sequence:
            raise _DatabaseIsNewError
        store_batch(self._store, self._journal, records, self._dead_letters)

    def _back_off(self, seconds: float) -> None:
        """Wait before the next attempt; not for long while somebody waits in `flush`."""
        self._flush_now.clear()
        if not self._flushing and not self._stopping.is_set():
            self._flush_now.wait(seconds)
        if self._flushing:
            self._stopping.wait(min(seconds, MAX_BACKOFF_IN_FLUSH))

    def _report(self, state: RetryCallState) -> None:
        if not self._outage and state.outcome is not None:
            logger.warning(
                "%s Training goes on and nothing is lost: what is captured waits in %s.",
                state.outcome.exception(),
                self._reader.path,
            )
        self._outage = True

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
