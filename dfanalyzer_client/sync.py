"""Storing what earlier processes left behind, and making the private database anew."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .abandoned import OpenTasks
from .errors import DfAnalyzerError, JournalError
from .exporter import BATCH_RECORDS, ship
from .journal import (
    JournalReader,
    Record,
    SetAside,
    append_records,
    is_surely_locked,
    journals,
    take_over,
)
from .store import MonetDBStore, open_store
from .url import StoreURL

__all__ = ["JournalState", "journal_states", "sync"]


@dataclass
class JournalState:
    """One journal and how far it is stored.

    Attributes:
        store: where its messages go; None is the private server.
        messages: how many it holds.
        stored: how many of them are in the store, or were set aside; None when nobody answers.
        refused: how many were set aside.
        running: the process that writes it is still there.
    """

    path: Path
    id: str
    store: str | None
    messages: int
    stored: int | None
    refused: int
    running: bool


def journal_states(home: Path, store: StoreURL | None) -> Iterator[JournalState]:
    """The journals of `home`, oldest first; `store` gives the password of the one it names."""
    stores = _Stores(home, store)
    for path in journals(home / "journals"):
        descriptor = take_over(path)
        try:
            yield _state(path, stores, running=descriptor is None)
        finally:
            if descriptor is not None:
                os.close(descriptor)
    stores.close()


def sync(
    home: Path, store: StoreURL | None, report: Callable[[Path, int | DfAnalyzerError], None]
) -> int:
    """Store what is left in journals whose process is gone; the number of messages stored.

    `report` is told each journal that had some, and how many or why they could not be stored; the
    others are gone on with. Journals of running processes are left to them.
    """
    stores = _Stores(home, store)
    total = 0
    for path in journals(home / "journals"):
        descriptor = take_over(path)
        if descriptor is None:
            continue
        try:
            count = _shipped(path, stores, descriptor)
        except DfAnalyzerError as error:
            report(path, error)
            continue
        finally:
            os.close(descriptor)
        total += count
        if count:
            report(path, count)
    stores.close()
    return total


class _Stores:
    """One connection for each store that the journals name."""

    def __init__(self, home: Path, named: StoreURL | None) -> None:
        self._home, self._named = home, named
        self._open: dict[str | None, MonetDBStore] = {}

    def get(self, address: str | None) -> MonetDBStore:
        if address not in self._open:
            self._open[address] = open_store(self._url(address), self._home)
        return self._open[address]

    def close(self) -> None:
        for store in self._open.values():
            store.close()

    def _url(self, address: str | None) -> StoreURL | None:
        if address is None:
            return None
        named = self._named
        return named if named is not None and str(named) == address else StoreURL.parse(address)


def _header(path: Path) -> dict[str, Any]:
    for record in JournalReader(path):
        if record.sequence == 0 and "journal" in record.message:
            return record.message
        break
    raise JournalError(
        f"The journal {path} has no readable beginning, so its store is unknown. Its messages are "
        "text: look into it, or move it away."
    )


def _shipped(path: Path, stores: _Stores, descriptor: int) -> int:
    """Store what is not stored yet; tasks that the process left open are ended first."""
    header = _header(path)
    end_open_tasks(path, header, descriptor)
    store = stores.get(header["store"])
    aside, reader = SetAside.beside(path), JournalReader(path)
    before = max(store.position(header["journal"]), 0)
    last = before
    while records := reader.read():
        fresh = [record for record in records if record.sequence > before]
        for first in range(0, len(fresh), BATCH_RECORDS):
            batch = fresh[first : first + BATCH_RECORDS]
            ship(store, header["journal"], batch, aside)
            last = batch[-1].sequence
    return last - before


def end_open_tasks(path: Path, header: dict[str, Any], descriptor: int) -> int:
    """End in the journal what its process could not end any more; how many tasks that were.

    Only where it is certain that the process is gone: its lock is ours, on its own host.
    """
    if header.get("host") != socket.gethostname() or not is_surely_locked(descriptor):
        return 0
    tasks, reader, last = OpenTasks(), JournalReader(path), 0
    for record in reader:
        tasks.take_in(record.message)
        last = record.sequence
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    ends = tasks.ends(when.isoformat(" ", "microseconds"))
    if ends:
        append_records(path, [Record(last + 1 + i, each) for i, each in enumerate(ends)])
    return len(ends)


def _state(path: Path, stores: _Stores, *, running: bool) -> JournalState:
    header = _header(path)
    messages = sum(record.sequence > 0 for record in JournalReader(path))
    try:
        stored: int | None = max(stores.get(header["store"]).position(header["journal"]), 0)
    except DfAnalyzerError:
        stored = None
    return JournalState(
        path, header["journal"], header["store"], messages, stored, len(SetAside.beside(path)),
        running,
    )  # fmt: skip
