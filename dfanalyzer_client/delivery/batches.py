"""One batch of a journal into a store, whatever is wrong with a message of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import groupby
from typing import Protocol

from ..errors import (
    ConflictError,
    JournalError,
    NotYetError,
    PrivateServerError,
    StoreLoginError,
    StoreUnavailableError,
    UnsafeHomeError,
)
from ..journal import DeadLetters, Record

__all__ = ["BATCH_RECORDS", "TRANSIENT_ERRORS", "Store", "retry_dead_letter", "store_batch"]

logger = logging.getLogger(__name__)

BATCH_RECORDS = 5000

TRANSIENT_ERRORS = (
    StoreUnavailableError,
    StoreLoginError,
    ConflictError,
    PrivateServerError,
    UnsafeHomeError,
)
"""Errors that somebody may mend while we wait."""

EXTERNAL_ERRORS = (*TRANSIENT_ERRORS, JournalError, OSError)
"""All others are: refused, or not to be understood, and trying the same again does not mend it."""


class Store(Protocol):
    """What the exporter asks of a store."""

    def position(self, journal: str) -> int:
        """The last sequence number of `journal` that is stored, -1 when none is."""

    def write(self, journal: str, records: Sequence[Record]) -> None:
        """Store all of `records` and how far `journal` is stored, or raise and store nothing."""

    def apply_pending(self) -> float | None:
        """Bring forward what was held up; in how many seconds it is time again, None: never."""

    def close(self) -> None:
        """Let go of the connection; the next call makes a new one."""


def store_batch(
    store: Store, journal: str, records: Sequence[Record], dead_letters: DeadLetters
) -> None:
    """Store `records`; those that the store refuses whatever happens are set aside, each once.

    Raises:
        StoreUnavailableError: the store cannot be reached; the same call may be made again.
        StoreLoginError: the store refuses us; likewise.
    """
    known = {each.sequence for each in dead_letters.all()}
    for is_dead_letter, group in groupby(records, lambda record: record.sequence in known):
        if not is_dead_letter:
            _store_or_split(store, journal, list(group), dead_letters)
            continue
        for record in group:  # a kill came before the store's mark, or the database is another
            retry_dead_letter(store, journal, record, dead_letters)
            _skip(store, journal, record)


def retry_dead_letter(
    store: Store, journal: str, record: Record, dead_letters: DeadLetters
) -> bool | Exception:
    """Store a message that was set aside, if that can be done now.

    It has a mark of its own, so it is stored once, however often this is called.

    Returns:
        Whether it was not stored before; or why it is not now.

    Raises:
        StoreUnavailableError: the store cannot be reached; the same call may be made again.
        StoreLoginError: the store refuses us; likewise.
    """
    name = f"{journal}#{record.sequence}"
    try:
        is_new = store.position(name) < record.sequence
        store.write(name, [record])
    except EXTERNAL_ERRORS:
        raise
    except Exception as error:
        return error
    dead_letters.resolve(record.sequence)
    return is_new


def _store_or_split(
    store: Store, journal: str, records: list[Record], dead_letters: DeadLetters
) -> None:
    try:
        store.write(journal, records)
    except EXTERNAL_ERRORS:
        raise
    except Exception as error:
        if len(records) > 1:
            middle = len(records) // 2
            _store_or_split(store, journal, records[:middle], dead_letters)
            _store_or_split(store, journal, records[middle:], dead_letters)
            return
        logger.error(
            "The store refused a message, which is set aside in %s: %s", dead_letters.path, error
        )
        dead_letters.add(records[0], error, retryable=isinstance(error, NotYetError))
        _skip(store, journal, records[0])


def _skip(store: Store, journal: str, record: Record) -> None:
    store.write(journal, [Record(record.sequence, {"kind": "refused"})])
