"""Retry dead letters: what they lacked may be stored by now."""

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
    """Retry, step by step, the retryable dead letters for one store.

    Those of running processes are left to these. Yields how many messages each step stored.
    """
    for path, dead_letters in journals_with_dead_letters(folder):
        if not any(letter.retryable for letter in dead_letters.open()):
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
    """Retry the dead letters of a journal whose lock we hold.

    Args:
        path: the journal.
        header: its header.
        store: where it is stored.
        everything: whether to retry those, too, that are not retryable.
        again: whether to retry those, too, that were stored since, for a restored database.

    Yields:
        How many messages each step stored.
    """
    dead_letters, hopeless = DeadLetters.of_journal(path), set[str]()
    stored = store.position(header.journal)
    for letter in dead_letters.all() if again else dead_letters.open():
        if letter.sequence > stored or letter.error in hopeless:
            continue  # not yet stored up to there: storing the journal retries it
        if not (letter.retryable or everything or again):
            continue
        record = _record(path, letter)
        if record is not None:
            outcome = retry_dead_letter(store, header.journal, record, dead_letters)
            if isinstance(outcome, NotYetError) and not everything:
                hopeless.add(letter.error)  # others with the same error lack the same
            yield int(outcome is True)


def _record(path: Path, refused: DeadLetter) -> Record | None:
    """The message of a dead letter, read from the journal if the dead letter does not have it."""
    if isinstance(refused.message, dict):
        return Record(refused.sequence, refused.message)
    records = (record for record in JournalReader(path) if record.sequence == refused.sequence)
    return next(records, None)
