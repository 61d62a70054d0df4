"""The journals of this machine that name executions to be erased."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config.store_url import StoreURL, is_same_address
from ..declarations.erasures import Erasures
from ..errors import JournalError
from ..journal import (
    DeadLetters,
    is_done,
    journals,
    purge,
    read_header,
    tags_in_lines,
    tags_named,
    try_acquire,
)
from ..store.erasing.erase import StoredExecution

__all__ = ["LocalJournal", "journals_naming", "purge_journal"]


@dataclass(frozen=True)
class LocalJournal:
    """A journal that names some of the executions.

    Attributes:
        path: its file.
        is_free: whether nobody writes it now, so that it can be rewritten.
    """

    path: Path
    is_free: bool


def journals_naming(
    home: Path, store: StoreURL | None, executions: Sequence[StoredExecution]
) -> Iterator[LocalJournal | JournalError]:
    """The journals for one store that name one of `executions`, or why one cannot be read."""
    address = None if store is None else str(store.without_password())
    tags = [execution.tag for execution in executions]
    for path in journals(home / "journals", done=True):
        try:
            header = read_header(path)
            if header is None or not is_same_address(header.store, address):
                continue
            if _names(path, tags):
                yield LocalJournal(path, _is_free(path))
        except FileNotFoundError:  # it was compressed just now, and is found under its new name
            continue
        except (JournalError, OSError) as error:
            yield error if isinstance(error, JournalError) else JournalError(f"{path}: {error}.")


def purge_journal(path: Path, erasures: Erasures) -> int | None:
    """Remove what is of erased executions; returns how many messages, None if it is in use."""
    descriptor = try_acquire(path, elsewhere=is_done(path))
    if descriptor is None:
        return None
    with descriptor:
        removed, lock = purge(path, erasures)
        lock.close()
    return removed


def _is_free(path: Path) -> bool:
    descriptor = try_acquire(path, elsewhere=is_done(path))
    if descriptor is None:
        return False
    descriptor.close()
    return True


def _names(path: Path, tags: Sequence[str]) -> bool:
    """Whether a journal, or a dead letter beside it, names one of the executions."""
    dead_letters = DeadLetters.of_journal(path).path
    if dead_letters.exists() and tags_in_lines(dead_letters.read_bytes().splitlines(), tags):
        return True
    try:
        return bool(tags_named(path, tags))
    except (EOFError, zlib.error):
        raise JournalError(f"The journal {path} is damaged: look into it yourself.") from None
