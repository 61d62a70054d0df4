"""Dead letters: messages that the store refused, kept with the reason until they are stored."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..support.descriptors import open_private
from ._files import journals, stem
from ._record import Record

__all__ = ["DeadLetter", "DeadLetters", "journals_with_dead_letters"]


@dataclass(frozen=True)
class DeadLetter:
    """A message that was set aside.

    Attributes:
        sequence: its number in the journal.
        error: why the store refused it.
        retryable: it refers to something that the store did not know yet, so it may succeed later.
        message: the message; None if only the journal has it.
    """

    sequence: int
    error: str
    retryable: bool
    message: Any


class DeadLetters:
    """The dead letters of one journal, in a file beside it.

    Each is one line of JSON. When it is stored after all, another line says so. Both stay, because
    a rebuilt database needs the message again.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, int], dict[int, DeadLetter], set[int]] = ((-1, -1), {}, set())

    @classmethod
    def of_journal(cls, journal: Path) -> DeadLetters:
        """The dead letters of `journal`, whether it is compressed or not."""
        return cls(journal.with_name(f"{stem(journal)}.refused"))

    def add(self, record: Record, error: Exception, *, retryable: bool = False) -> None:
        """Keep one message with the reason, once. It stays in the journal, too."""
        if record.sequence in self:  # we were killed between this and the store's mark
            return
        entry = {"sequence": record.sequence, "error": str(error), "awaits": retryable}
        try:
            line = json.dumps({**entry, "message": record.message})
        except (RecursionError, ValueError):  # nested too deeply to be written again
            line = json.dumps({**entry, "message": None})
        self._append(line)

    def resolve(self, sequence: int) -> None:
        """Record that a message is stored after all."""
        if sequence not in self._known()[1]:
            self._append(json.dumps({"sequence": sequence, "stored": True}))

    def open(self) -> list[DeadLetter]:
        """The messages that are not stored yet, in order."""
        entries, stored = self._known()
        return [letter for sequence, letter in sorted(entries.items()) if sequence not in stored]

    def all(self) -> list[DeadLetter]:
        """All messages that were ever set aside, in order."""
        return [letter for _, letter in sorted(self._known()[0].items())]

    def __contains__(self, sequence: object) -> bool:
        return sequence in self._known()[0]

    def __len__(self) -> int:
        return len(self.open())

    def _append(self, line: str) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        with os.fdopen(open_private(self.path, flags), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":  # a kill cut off the last line
                    line = f"\n{line}"
            file.write(f"{line}\n".encode())

    def _known(self) -> tuple[dict[int, DeadLetter], set[int]]:
        """The content of the file, read again when the file has changed."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return {}, set()
        state = status.st_mtime_ns, status.st_size
        if self._read[0] != state:
            self._read = (state, *_entries(self.path))
        return self._read[1:]


def journals_with_dead_letters(folder: Path) -> Iterator[tuple[Path, DeadLetters]]:
    """Journals that ever had dead letters, with these; oldest first."""
    for path in journals(folder, done=True):
        dead_letters = DeadLetters.of_journal(path)
        if dead_letters.path.exists():
            yield path, dead_letters


def _entries(path: Path) -> tuple[dict[int, DeadLetter], set[int]]:
    entries: dict[int, DeadLetter] = {}
    stored: set[int] = set()
    for line in path.read_bytes().splitlines():
        try:
            entry = json.loads(line)
            sequence = int(entry["sequence"])
            if entry.get("stored"):
                stored.add(sequence)
            else:
                retryable = bool(entry.get("awaits", False))
                letter = DeadLetter(sequence, entry["error"], retryable, entry["message"])
                entries[sequence] = letter
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue  # cut off by a kill, or not written by us
    return entries, stored
