"""Messages that were set aside are tried again: what they lacked may be there now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..config.store_url import is_same_address
from ..errors import NotYetError
from ..journal import (
    DeadLetter,
    DeadLetters,
    Header,
    JournalReader,
    Record,
    journals_with_dead_letters,
    read_header,
    try_acquire,
)
from .batches import Store, retry_dead_letter

__all__ = ["retry", "retry_for_store"]


def retry_for_store(folder: Path, address: str | None, store: Store) -> Iterator[int]:
    """Try again, step by step, messages for one store that named what it did not know yet.

    Those of running processes are left to them. Yields how many were stored by each step.
    """
    for path, dead_letters in journals_with_dead_letters(folder):
        if not any(each.retryable for each in dead_letters.open()):
            continue
        descriptor = try_acquire(path)
        if descriptor is None:
            continue
        try:
            header = read_header(path)
            if header is not None and is_same_address(header.store, address):
                yield from retry(path, header, store)
        finally:
            descriptor.close()


def retry(
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
    dead_letters, hopeless = DeadLetters.of_journal(path), set[str]()
    stored = store.position(header.journal)
    for each in dead_letters.all() if again else dead_letters.open():
        if each.sequence > stored or each.error in hopeless:
            continue  # the journal has not been stored up to there: it comes with it
        if not (each.retryable or everything or again):
            continue
        record = _record(path, each)
        if record is not None:
            outcome = retry_dead_letter(store, header.journal, record, dead_letters)
            if isinstance(outcome, NotYetError) and not everything:
                hopeless.add(each.error)  # what one message lacks, those like it lack, too
            yield int(outcome is True)


def _record(path: Path, refused: DeadLetter) -> Record | None:
    """The message; where it could not be written down beside the journal, as the journal has it."""
    if isinstance(refused.message, dict):
        return Record(refused.sequence, refused.message)
    records = (each for each in JournalReader(path) if each.sequence == refused.sequence)
    return next(records, None)
