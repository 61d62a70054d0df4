"""The stores that journals name, each opened once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..config.store_url import StoreURL
from ..errors import DfAnalyzerError, StoreError, StoreLoginError, StoreUnavailableError
from ..journal import Header
from ..store import open_receiver
from .recovery import JournalStore
from .relocation import moved_hint

__all__ = ["Stores"]


class Stores:
    """The stores that journals name.

    Args:
        home: the data folder.
        named: gives the password for that server.
    """

    def __init__(self, home: Path, named: StoreURL | None) -> None:
        self._home, self._named = home, named
        self._open: dict[str | None, JournalStore] = {}
        self._unreachable: dict[str | None, StoreError] = {}

    def of(self, header: Header | None) -> JournalStore:
        """The store of a journal; the private one if its header is missing."""
        address = None if header is None else header.store
        if address not in self._open:
            self._open[address] = open_receiver(self._url(address), self._home)
        return self._open[address]

    @contextlib.contextmanager
    def reaching(self, header: Header | None) -> Iterator[None]:
        """A block that uses a journal's store; an unreachable store is not tried again."""
        address = None if header is None else header.store
        if address in self._unreachable:
            raise self._unreachable[address]
        try:
            yield
        except (StoreUnavailableError, StoreLoginError) as error:
            if address is None or (self._named is not None and self._named.is_named(address)):
                raise
            self._unreachable[address] = type(error)(f"{error} {moved_hint(address)}")
            raise self._unreachable[address] from error

    @property
    def left_out(self) -> int:
        """How many messages were not stored, because their executions were erased."""
        return sum(store.left_out for store in self._open.values())

    def close(self) -> None:
        """Do the pending work that can be done now, and close all."""
        for store in self._open.values():
            with contextlib.suppress(DfAnalyzerError):  # the next process that captures tries again
                while store.apply_pending() == 0.0:
                    pass
            store.close()

    def _url(self, address: str | None) -> StoreURL | None:
        if address is None:
            return None
        named = self._named
        if named is not None and named.is_named(address):
            return named
        return StoreURL.parse(address)
