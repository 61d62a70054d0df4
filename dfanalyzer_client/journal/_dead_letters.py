"""Messages that the store refused: kept with the reason, until they are stored after all."""

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
        error: why.
        awaits: it names what the store did not know yet, so that it may be taken later.
        message: what it says; None where only the journal has it.
    """

    sequence: int
    error: str
    retryable: bool
    message: Any


class DeadLetters:
    """A place beside a journal for such messages.

    A line of JSON for each, and one more when it is stored after all: it stays known, for a
    database that was made anew is told of it again.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, int], dict[int, DeadLetter], set[int]] = ((-1, -1), {}, set())

    @classmethod
    def of_journal(cls, journal: Path) -> DeadLetters:
        """The place that belongs to `journal`, compressed or not."""
        return cls(journal.with_name(f"{stem(journal)}.refused"))

    def add(self, record: Record, error: Exception, *, retryable: bool = False) -> None:
        """Keep one message with the reason, once; the journal keeps it, too."""
        if record.sequence in self:  # a kill came between this and the store's mark
            return
        entry = {"sequence": record.sequence, "error": str(error), "awaits": retryable}
        try:
            line = json.dumps({**entry, "message": record.message})
        except (RecursionError, ValueError):  # nested as deep as it can be read
            line = json.dumps({**entry, "message": None})
        self._append(line)

    def resolve(self, sequence: int) -> None:
        """Note that a message is stored after all."""
        if sequence not in self._known()[1]:
            self._append(json.dumps({"sequence": sequence, "stored": True}))

    def open(self) -> list[DeadLetter]:
        """The messages that are not stored, in order."""
        entries, stored = self._known()
        return [each for sequence, each in sorted(entries.items()) if sequence not in stored]

    def all(self) -> list[DeadLetter]:
        """The messages that were set aside, stored since or not, in order."""
        return [each for _, each in sorted(self._known()[0].items())]

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
                if file.read(1) != b"\n":  # a kill tore the last line
                    line = f"\n{line}"
            file.write(f"{line}\n".encode())

    def _known(self) -> tuple[dict[int, DeadLetter], set[int]]:
        """What the file says; it is read again when it has changed."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return {}, set()
        state = status.st_mtime_ns, status.st_size
        if self._read[0] != state:
            self._read = (state, *_entries(self.path))
        return self._read[1:]


def journals_with_dead_letters(folder: Path) -> Iterator[tuple[Path, DeadLetters]]:
    """Journals of which messages were set aside, stored since or not, and these; oldest first."""
    for path in journals(folder, done=True):
        aside = DeadLetters.of_journal(path)
        if aside.path.exists():
            yield path, aside


def _entries(path: Path) -> tuple[dict[int, DeadLetter], set[int]]:
    entries: dict[int, DeadLetter] = {}
    stored: set[int] = set()
    for line in path.read_bytes().splitlines():
        try:
            said = json.loads(line)
            sequence = int(said["sequence"])
            if said.get("stored"):
                stored.add(sequence)
            else:
                retryable = bool(said.get("awaits", False))
                entries[sequence] = DeadLetter(sequence, said["error"], retryable, said["message"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue  # torn by a kill, or nothing of ours
    return entries, stored
