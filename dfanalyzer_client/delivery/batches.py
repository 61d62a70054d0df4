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
from ..journal import Record, SetAside

__all__ = ["BATCH_RECORDS", "MAY_PASS", "Store", "ship", "ship_again"]

logger = logging.getLogger(__name__)

BATCH_RECORDS = 5000

MAY_PASS = (
    StoreUnavailableError,
    StoreLoginError,
    ConflictError,
    PrivateServerError,
    UnsafeHomeError,
)
"""Errors that somebody may mend while we wait."""

NO_FAULT_OF_A_MESSAGE = (*MAY_PASS, JournalError, OSError)
"""All others are: refused, or not to be understood, and trying the same again does not mend it."""


class Store(Protocol):
    """What the exporter asks of a store."""

    def position(self, journal: str) -> int:
        """The last sequence number of `journal` that is stored, -1 when none is."""

    def write(self, journal: str, records: Sequence[Record]) -> None:
        """Store all of `records` and how far `journal` is stored, or raise and store nothing."""

    def mend(self) -> float | None:
        """Bring forward what was held up; in how many seconds it is time again, None: never."""

    def close(self) -> None:
        """Let go of the connection; the next call makes a new one."""


def ship(store: Store, journal: str, records: Sequence[Record], aside: SetAside) -> None:
    """Store `records`; those that the store refuses whatever happens are set aside, each once.

    Raises:
        StoreUnavailableError: the store cannot be reached; the same call may be made again.
        StoreLoginError: the store refuses us; likewise.
    """
    known = {each.sequence for each in aside.all()}
    for is_aside, group in groupby(records, lambda record: record.sequence in known):
        if not is_aside:
            _ship(store, journal, list(group), aside)
            continue
        for record in group:  # a kill came before the store's mark, or the database is another
            ship_again(store, journal, record, aside)
            _pass_over(store, journal, record)


def ship_again(store: Store, journal: str, record: Record, aside: SetAside) -> bool | Exception:
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
    except NO_FAULT_OF_A_MESSAGE:
        raise
    except Exception as error:
        return error
    aside.resolve(record.sequence)
    return is_new


def _ship(store: Store, journal: str, records: list[Record], aside: SetAside) -> None:
    try:
        store.write(journal, records)
    except NO_FAULT_OF_A_MESSAGE:
        raise
    except Exception as error:
        if len(records) > 1:
            middle = len(records) // 2
            _ship(store, journal, records[:middle], aside)
            _ship(store, journal, records[middle:], aside)
            return
        logger.error("The store refused a message, which is set aside in %s: %s", aside.path, error)
        aside.add(records[0], error, awaits=isinstance(error, NotYetError))
        _pass_over(store, journal, records[0])


def _pass_over(store: Store, journal: str, record: Record) -> None:
    store.write(journal, [Record(record.sequence, {"kind": "refused"})])
