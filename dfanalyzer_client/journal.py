r"""An append-only local record of what was said: on disk before it is sent.

One file per process that captures. Each record is one line::

    <sequence number> <CRC-32 of number and message, 8 hex digits> <message, JSON in ASCII>\n

JSON in ASCII holds no raw newline, so a line that was torn by a kill or damaged on the disk spoils
itself alone: the next newline is the next record. The first record (number 0) describes the
journal. The writer holds a lock on the file while it lives (``flock(2)``), so that others know that
it is not done.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from . import settings
from .errors import JournalError
from .url import StoreURL

__all__ = [
    "Journal",
    "JournalReader",
    "Record",
    "SetAside",
    "append_records",
    "is_surely_locked",
    "journals",
    "take_over",
]

logger = logging.getLogger(__name__)

FORMAT = 1
SUFFIX = ".journal"
READ_BYTES = 1 << 20
CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)  # Windows has no exec


class Record(NamedTuple):
    """One message and its place in the journal."""

    sequence: int
    message: dict[str, Any]


class Journal:
    """The journal of this process: appends, and nothing else."""

    def __init__(self, folder: Path, store: StoreURL | None = None) -> None:
        """Create the file, 0600 in a folder 0700; raises JournalError where that fails."""
        self.id = uuid.uuid4().hex
        created = datetime.now(UTC)
        self.path = folder / f"{created:%Y%m%dT%H%M%S}-{os.getpid()}-{self.id[:8]}{SUFFIX}"
        self.sequence = -1
        self._torn = False
        self._lock = threading.Lock()
        self._fsync = settings.fsync()
        self._descriptor = _created(self.path)
        header = {
            "journal": self.id,
            "format": FORMAT,
            "created": created.isoformat(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "store": None if store is None else str(store.without_password()),
        }
        self.append(header)

    def append(self, message: dict[str, Any]) -> int:
        """Write one message; its bytes are with the operating system on return.

        Returns:
            The message's sequence number.

        Raises:
            JournalError: the disk is full, or the file cannot be written; nothing was recorded.
        """
        return self.append_text(json.dumps(message, separators=(",", ":")))

    def append_text(self, body: str) -> int:
        """Write one message that is JSON in ASCII already; see `append`."""
        with self._lock:
            self.sequence += 1  # a number is not used twice, whatever became of its record
            line = _line(self.sequence, body)
            try:
                self._write(b"\n" + line if self._torn else line)
            except OSError as error:
                raise JournalError(
                    f"The journal {self.path} cannot be written: {error.strerror}. Make room or "
                    "set KERAS_PROV_HOME to a folder on another disk."
                ) from error
            return self.sequence

    def close(self) -> None:
        """Let go of the file and of its lock; twice is fine."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _write(self, data: bytes) -> None:
        written = 0
        self._torn = True  # until all of it is there: a record after a torn one needs a new line
        while written < len(data):
            written += os.write(self._descriptor, data[written:])
        self._torn = False
        if self._fsync:
            os.fsync(self._descriptor)


@dataclass
class JournalReader:
    """Reads a journal forward, also while it is being written.

    Attributes:
        offset: bytes read so far.
        damaged: records that were skipped because their checksum is wrong.
    """

    path: Path
    offset: int = 0
    damaged: int = 0

    def read(self, size: int = READ_BYTES) -> list[Record]:
        """The next whole records, about `size` bytes of them; empty at the end."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read(size)
            while data and b"\n" not in data:
                more = file.read(size)
                if not more:
                    return []  # an unfinished last record: torn, or still being written
                data += more
        whole = data[: data.rfind(b"\n") + 1]
        return list(self._records(whole))

    def __iter__(self) -> Iterator[Record]:
        """All records from here to the end."""
        while records := self.read():
            yield from records

    def _records(self, data: bytes) -> Iterator[Record]:
        for line in data.splitlines(keepends=True):
            record = _parsed(line)
            if record is not None:
                yield record
            elif line.strip():
                self.damaged += 1
                logger.warning(
                    "A damaged record in %s at byte %d was skipped (%d bytes).",
                    self.path, self.offset, len(line),
                )  # fmt: skip
            self.offset += len(line)


@dataclass(frozen=True)
class SetAside:
    """A place beside a journal for messages that the store refuses whatever happens."""

    path: Path

    @classmethod
    def beside(cls, journal: Path) -> SetAside:
        """The place that belongs to `journal`."""
        return cls(journal.with_suffix(".refused"))

    def add(self, record: Record, error: Exception) -> None:
        """Keep one message with the reason; the journal keeps it, too."""
        entry = {"sequence": record.sequence, "error": str(error), "message": record.message}
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self.path, flags, 0o600), "a") as file:
            file.write(json.dumps(entry) + "\n")

    def __len__(self) -> int:
        return len(self.path.read_text().splitlines()) if self.path.exists() else 0


def journals(folder: Path) -> list[Path]:
    """The journals in `folder`, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def take_over(path: Path) -> int | None:
    """Lock a journal whose process is gone: a descriptor to close when done, else None."""
    descriptor = os.open(path, os.O_RDWR | CLOSE_ON_EXEC)
    if _locked(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def is_surely_locked(descriptor: int) -> bool:
    """Whether the lock of `take_over` is held, and not merely impossible there."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def append_records(path: Path, records: Sequence[Record]) -> None:
    """Write to a journal that was taken over; raises JournalError."""
    lines = [_line(each.sequence, json.dumps(each.message)) for each in records]
    try:
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            torn = file.read(1) not in (b"\n", b"")
            file.write((b"\n" if torn else b"") + b"".join(lines))
    except OSError as error:
        raise JournalError(f"The journal {path} cannot be written: {error.strerror}.") from error


def _created(path: Path) -> int:
    try:
        for folder in (path.parent.parent, path.parent):  # the mode is that of the last one only
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | CLOSE_ON_EXEC
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise JournalError(
            f"The journal {path} cannot be created: {error.strerror}. Make {path.parent} a folder "
            "that you may write to, or set KERAS_PROV_HOME to another."
        ) from error
    _locked(descriptor)
    return descriptor


def _locked(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: nobody can tell whether the writer lives
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a file system without locks: nobody can tell who writes
        logger.warning("%s: the journal cannot be locked.", error)
    return True


def _line(sequence: int, body: str) -> bytes:
    checked = f"{sequence} {body}".encode("ascii")
    return f"{sequence} {zlib.crc32(checked):08x} {body}\n".encode("ascii")


def _parsed(line: bytes) -> Record | None:
    try:
        sequence, checksum, body = line.decode("ascii").rstrip("\n").split(" ", 2)
        if f"{zlib.crc32(f'{sequence} {body}'.encode('ascii')):08x}" == checksum:
            return Record(int(sequence), json.loads(body))
    except (ValueError, RecursionError):
        pass
    return None
