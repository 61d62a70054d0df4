"""Store one batch of a journal; a bad message does not keep the others from being stored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Protocol, TypeVar

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

Answer = TypeVar("Answer")

BATCH_RECORDS = 5000

TRANSIENT_ERRORS = (
    StoreUnavailableError,
    StoreLoginError,
    ConflictError,
    PrivateServerError,
    UnsafeHomeError,
)
"""Errors that may go away while we wait."""

EXTERNAL_ERRORS = (*TRANSIENT_ERRORS, JournalError, OSError)
"""Errors that no message causes. Any other error means that a message is refused or malformed, and
retrying it unchanged is useless."""


class Store(Protocol):
    """What the exporter needs of a store."""

    def position(self, journal: str) -> int:
        """The last sequence number of `journal` that is stored; -1 if none is."""

    def write(self, journal: str, records: Sequence[Record]) -> None:
        """Store all of `records` and how far `journal` is stored, or raise and store nothing."""

    def read(self, ask: Callable[[Any], Answer]) -> Answer:
        """What a function reads, given a connection; raises StoreError if that cannot be now."""

    def apply_pending(self) -> float | None:
        """Try pending columns and links; returns the seconds until the next try, None: nothing."""

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""


def store_batch(
    store: Store, journal: str, records: Sequence[Record], dead_letters: DeadLetters
) -> None:
    """Store `records`. Those that the store refuses for good become dead letters, once.

    Raises:
        StoreUnavailableError: the store cannot be reached; the same call may be repeated.
        StoreLoginError: the store refuses the login; likewise.
    """
    known = {letter.sequence for letter in dead_letters.all()}
    for is_dead_letter, group in groupby(records, lambda record: record.sequence in known):
        if not is_dead_letter:
            _store_or_split(store, journal, list(group), dead_letters)
            continue
        for record in group:  # we were killed before the store's mark, or the database is new
            retry_dead_letter(store, journal, record, dead_letters)
            _skip(store, journal, record)


def retry_dead_letter(
    store: Store, journal: str, record: Record, dead_letters: DeadLetters
) -> bool | Exception:
    """Store a dead letter, if the store accepts it now.

    It has a mark of its own, so it is stored once, however often this is called.

    Returns:
        Whether it is newly stored, or the error if the store still refuses it.

    Raises:
        StoreUnavailableError: the store cannot be reached; the same call may be repeated.
        StoreLoginError: the store refuses the login; likewise.
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
            "The store refused a message; it is set aside in %s: %s", dead_letters.path, error
        )
        dead_letters.add(records[0], error, retryable=isinstance(error, NotYetError))
        _skip(store, journal, records[0])


def _skip(store: Store, journal: str, record: Record) -> None:
    store.write(journal, [Record(record.sequence, {"kind": "refused"})])
