"""One batch of a journal into a store, whatever is wrong with a message of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from .errors import RefusedError
from .journal import Record, SetAside

__all__ = ["BATCH_RECORDS", "Store", "ship"]

logger = logging.getLogger(__name__)

BATCH_RECORDS = 5000
POISON = (RefusedError, LookupError, TypeError, ValueError)
"""Errors of one message that trying again does not mend: refused, or not to be understood."""


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


def ship(store: Store, journal: str, records: list[Record], aside: SetAside) -> None:
    """Store `records`; those that the store refuses whatever happens are set aside, each once.

    Raises:
        StoreUnavailableError: the store cannot be reached; the same call may be made again.
        StoreLoginError: the store refuses us; likewise.
    """
    try:
        store.write(journal, records)
    except POISON as error:
        if len(records) > 1:
            middle = len(records) // 2
            ship(store, journal, records[:middle], aside)
            ship(store, journal, records[middle:], aside)
            return
        logger.error("The store refused a message, which is set aside in %s: %s", aside.path, error)
        aside.add(records[0], error)
        store.write(journal, [Record(records[0].sequence, {"kind": "refused"})])
