"""Messages that were set aside are tried again: what they lacked may be there now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..config.store_url import is_same_address
from ..errors import NotYetError
from ..journal import (
    Header,
    JournalReader,
    Record,
    Refused,
    SetAside,
    journals_with_refused,
    read_header,
    take_over,
)
from .batches import Store, ship_again

__all__ = ["retried", "retried_of"]


def retried_of(folder: Path, address: str | None, store: Store) -> Iterator[int]:
    """Try again, step by step, messages for one store that named what it did not know yet.

    Those of running processes are left to them. Yields how many were stored by each step.
    """
    for path, aside in journals_with_refused(folder):
        if not any(each.awaits for each in aside.open()):
            continue
        descriptor = take_over(path)
        if descriptor is None:
            continue
        try:
            header = read_header(path)
            if header is not None and is_same_address(header.store, address):
                yield from retried(path, header, store)
        finally:
            descriptor.close()


def retried(
    path: Path, header: Header, store: Store, *, everything: bool = False, again: bool = False
) -> Iterator[int]:
    """Try again what was set aside of a journal whose lock we hold.

    Args:
        path: the journal.
        header: what it says of itself.
        store: where it goes.
        everything: also what was refused for other reasons than that something was not there yet.
        again: also what was stored since, for a database that was brought back from a backup.

    Yields:
        How many messages each step stored.
    """
    aside, hopeless = SetAside.beside(path), set[str]()
    stored = store.position(header.journal)
    for each in aside.all() if again else aside.open():
        if each.sequence > stored or each.error in hopeless:
            continue  # the journal has not been stored up to there: it comes with it
        if not (each.awaits or everything or again):
            continue
        record = _record(path, each)
        if record is not None:
            outcome = ship_again(store, header.journal, record, aside)
            if isinstance(outcome, NotYetError) and not everything:
                hopeless.add(each.error)  # what one message lacks, those like it lack, too
            yield int(outcome is True)


def _record(path: Path, refused: Refused) -> Record | None:
    """The message; where it could not be written down beside the journal, as the journal has it."""
    if isinstance(refused.message, dict):
        return Record(refused.sequence, refused.message)
    records = (each for each in JournalReader(path) if each.sequence == refused.sequence)
    return next(records, None)
