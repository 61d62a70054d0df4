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

__all__ = [
    "BATCH_RECORDS",
    "TRANSIENT_ERRORS",
    "Store",
    "retry_dead_letter",
    "store_batch",
    "store_or_split",
]

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

    def set_aside(record: Record, error: Exception) -> None:
        logger.error(
            "The store refused a message; it is set aside in %s: %s", dead_letters.path, error
        )
        dead_letters.add(record, error, retryable=isinstance(error, NotYetError))

    known = {letter.sequence for letter in dead_letters.all()}
    for is_dead_letter, group in groupby(records, lambda record: record.sequence in known):
        if not is_dead_letter:
            store_or_split(store, journal, list(group), set_aside)
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
        store.write(name, [record._replace(head=b"")])  # the head is of the journal as a whole
    except EXTERNAL_ERRORS:
        raise
    except Exception as error:
        return error
    dead_letters.resolve(record.sequence)
    return is_new


def store_or_split(
    store: Store,
    journal: str,
    records: list[Record],
    set_aside: Callable[[Record, Exception], object],
) -> None:
    """Store `records`; those that the store refuses for good are set aside, and skipped.

    Raises:
        StoreUnavailableError: the store cannot be reached; the same call may be repeated.
        StoreLoginError: the store refuses the login; likewise.
    """
    try:
        store.write(journal, records)
    except EXTERNAL_ERRORS:
        raise
    except Exception as error:
        if len(records) > 1:
            middle = len(records) // 2
            store_or_split(store, journal, records[:middle], set_aside)
            store_or_split(store, journal, records[middle:], set_aside)
            return
        set_aside(records[0], error)
        _skip(store, journal, records[0])


def _skip(store: Store, journal: str, record: Record) -> None:
    store.write(journal, [Record(record.sequence, {"kind": "refused"})])
