"""Store a journal in batches, from one background thread.

The thread reads the journal's file; nothing is handed over in memory, so a store that is down for
a month costs disk space but no memory. It promises what OpenTelemetry's exporters do: `wake` never
blocks or raises, and `flush` ends in time and tells whether everything was stored.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..errors import DfAnalyzerError
from ..journal import DeadLetters, JournalReader, Record
from ..support.forks import fork_lock
from .batches import BATCH_RECORDS, TRANSIENT_ERRORS, Store, store_batch
from .idle_work import IdleWork
from .outage import Outage
from .steering_watch import SteeringWatch

__all__ = ["Exporter"]

logger = logging.getLogger(__name__)

SETTLE_SECONDS = 0.5
"""After so long, a COMMIT whose answer was lost is done, and we check again what is stored."""

POLL_SECONDS = 5.0
"""For so long after the last message, the thread polls the file by itself: waking it would cost
the training 15 to 50 µs between two epochs, and polling costs it nothing."""

MIN_POLL_INTERVAL = 0.05
"""Seconds between two polls, at least; with a shorter interval, messages wake the thread."""

MAX_BACKOFF_IN_FLUSH = 0.5
STOP_SECONDS = 5.0
IDLE_SECONDS = 60.0
"""After so long with nothing to store, the connection is closed, so an idle server may stop."""


class _DatabaseIsNewError(Exception):
    """The store has less of the journal than was stored: the database was recreated."""


class Exporter:
    """Stores one journal; its thread starts at the first `wake`.

    Args:
        path: the journal's file.
        journal: its id.
        connect: opens the store.
        idle_work: what the thread does, step by step, while it has nothing to store; restarted
            after the store was unreachable.
        seconds: how long messages may wait to be stored together with later ones.
        watch: the trainings that can be steered, for which requests are looked for meanwhile.
    """

    def __init__(
        self,
        path: Path,
        journal: str,
        connect: Callable[[], Store],
        idle_work: Callable[[Any], Iterator[None]] | None = None,
        seconds: float = 0.0,
        watch: SteeringWatch | None = None,
    ) -> None:
        self._reader, self._journal, self._connect = JournalReader(path), journal, connect
        self._idle_work, self._seconds = IdleWork(idle_work), seconds
        self._watch = watch or SteeringWatch()
        self._dead_letters = DeadLetters.of_journal(path)
        self._store: Store | None = None
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._wake, self._flush_now = threading.Event(), threading.Event()
        self._stopping = threading.Event()
        self._progress = threading.Condition()
        self._outage, self._polling = Outage(path), False
        self._flushing = 0
        self._remedy = f"Nothing is lost: `keras-prov sync` stores what is in {path}."
        self.stored_sequence = 0  # record 0 describes the journal and is not stored

    def wake(self, sequence: int = 0) -> None:
        """Tell the thread that the journal has grown up to the record `sequence`."""
        if not self._polling and not self._wake.is_set():
            self._wake.set()
        if sequence - self.stored_sequence >= BATCH_RECORDS and not self._outage.is_on:
            self._flush_now.set()
        if self._thread is None:
            self._start()

    def look_now(self) -> None:
        """Tell the thread that there is a training to be looked after."""
        self._flush_now.set()
        self.wake()

    def flush(self, sequence: int, timeout: float | None) -> bool:
        """Wait until the record `sequence` is stored or a dead letter; False on a timeout."""
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
        """End the thread after its current step; returns whether it ended in time."""
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
                except RuntimeError as error:  # too many threads, or the interpreter is ending
                    self._stopping.set()
                    logger.warning(
                        "This process cannot store what is captured (%s). %s", error, self._remedy
                    )

    def _run(self) -> None:
        # Connect at once, because of the imports: when a module executes text while a script ends,
        # as dataclasses do, Python forgets that the script was interrupted, and its exit status.
        try:
            self._store = self._connect()
        except Exception:
            self._give_up()
        self._idle_work.begin(self._store)
        rest: float | None = None
        while not self._stopping.is_set():
            idle = IDLE_SECONDS if rest is None else rest
            if self._wait(self._wake, 0.0 if self._idle_work.is_left else idle):
                self._collect()
                self._wake.clear()  # before reading, or we would miss a record that comes meanwhile
                self._flush_now.clear()
                self._drain()
                self._poll()
                rest = self._apply_pending()
            elif self._idle_work.is_left:
                self._idle_work.step()
            else:
                rest = self._apply_pending()
                if rest is None and not self._watch.is_on:
                    self._close()
        self._idle_work.stop()
        self._close()

    def _poll(self) -> None:
        """Poll for more messages until there have been none for a while."""
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
        self._drain()  # a message that came just now did not wake us

    def _collect(self) -> None:
        """Wait for more messages to come, and do idle work meanwhile."""
        deadline = time.monotonic() + self._seconds
        while self._idle_work.is_left and not self._flush_now.is_set():
            if time.monotonic() >= deadline:
                return
            self._idle_work.step()
            self._look()
        self._wait(self._flush_now, deadline - time.monotonic())

    def _wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, and look for requests meanwhile; returns whether it happened."""
        deadline = time.monotonic() + max(0.0, seconds)
        while True:
            self._look()
            left = max(0.0, deadline - time.monotonic())
            if event.wait(min(left, self._watch.seconds_left)):
                return True
            if time.monotonic() >= deadline:
                return False

    def _look(self) -> None:
        """Look for requests to the trainings that are watched, if there are any and it is time."""
        if self._watch.is_on and self._store is not None and self._outage.may_read:
            self._watch.look(self._store, self.stored_sequence)

    def _drain(self) -> None:
        """Store what the journal has now.

        What comes meanwhile is stored with what comes later: storing takes longer than many epochs,
        so this would not end before the training does.
        """
        try:
            end = self._reader.path.stat().st_size
            while (
                not self._stopping.is_set()
                and self._reader.offset < end
                and (records := self._reader.read())
            ):
                try:
                    for first in range(0, len(records), BATCH_RECORDS):
                        self._store_retrying(records[first : first + BATCH_RECORDS])
                        self._look()
                except _DatabaseIsNewError:
                    self.stored_sequence = 0
                    self._reader.rewind()  # store everything again
        except Exception:
            self._give_up()
        self._apply_pending()

    def _apply_pending(self) -> float | None:
        """Have the store try pending work; returns the seconds until the next try."""
        try:
            return None if self._store is None else self._store.apply_pending()
        except DfAnalyzerError as error:
            logger.info("Pending columns and links are tried again later: %s", error)
        except Exception:
            logger.exception("Trying pending columns and links failed because of a bug.")
        return None

    def _give_up(self) -> None:
        """Stop storing without disturbing the training; `sync` can store the journal later."""
        logger.exception("Storing what was captured failed because of a bug. %s", self._remedy)
        self._stopping.set()
        with self._progress:
            self._progress.notify_all()

    def _store_retrying(self, records: list[Record]) -> None:
        with fork_lock():  # not above: that would take the training's time
            from tenacity import Retrying, retry_if_exception_type, stop_when_event_set

            from ..support.jitter import JitteredWait

        retrying = Retrying(
            retry=retry_if_exception_type(TRANSIENT_ERRORS),
            wait=JitteredWait(multiplier=0.25, min=SETTLE_SECONDS, max=30.0),
            stop=stop_when_event_set(self._stopping),
            sleep=self._back_off,
            before_sleep=self._outage.report,
            reraise=True,
        )
        try:
            retrying(self._store_once, records)
        except TRANSIENT_ERRORS:
            return  # told to stop: the journal has it
        self._outage.end()
        self._idle_work.begin(self._store)
        with self._progress:
            self.stored_sequence = max(self.stored_sequence, records[-1].sequence)
            self._progress.notify_all()

    def _store_once(self, records: list[Record]) -> None:
        assert self._store is not None  # noqa: S101 (for the type checker: `_run` connects)
        if max(self._store.position(self._journal), 0) < self.stored_sequence:
            raise _DatabaseIsNewError
        store_batch(self._store, self._journal, records, self._dead_letters)

    def _back_off(self, seconds: float) -> None:
        """Wait before the next attempt; only briefly while somebody waits in `flush`."""
        self._flush_now.clear()
        if not self._flushing and not self._stopping.is_set():
            self._wait(self._flush_now, seconds)
        if self._flushing:
            self._stopping.wait(min(seconds, MAX_BACKOFF_IN_FLUSH))

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
