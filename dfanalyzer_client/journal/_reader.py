"""Read a journal from front to back: being written, left behind, or compressed."""

from __future__ import annotations

import gzip
import io
import logging
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from ..declarations.messages import UncheckedMessage
from ..errors import JournalError
from ..support.descriptors import PrivateFile
from ..support.machine import is_this_machine
from ._bounded_gzip import open_bounded
from ._chain import Chain
from ._record import FORMAT, MAX_LINE_BYTES, Record, parsed

__all__ = [
    "READ_BYTES",
    "Header",
    "JournalReader",
    "count_records",
    "opened",
    "read_header",
]

logger = logging.getLogger(__name__)

READ_BYTES = 1 << 20
HEADER_BYTES = 1 << 16
MAX_REPORTED, MAX_DAMAGED = 100, 10_000
"""How many damaged records are reported one by one, and after how many reading stops."""


@dataclass(frozen=True)
class Header:
    """The first record of a journal, which describes it.

    Attributes:
        journal: its id, by which a store knows it.
        created: date and time in UTC, ISO 8601.
        host: name of the machine, or of the container, where its process ran.
        boot: id of that machine's boot (random(4)); None if unknown.
        pid: the process's number there.
        store: URL of the store for its messages, without the password; None: the private server.
        relays: its process passed on messages of others, whose tasks may go on without it.
        former_stores: former URLs of that server, before it moved.
        process: what tells its process from others of the same number; None if unknown.
        is_locked: whether its process could lock it.
    """

    journal: str
    created: str
    host: str
    boot: str | None
    pid: int
    store: str | None
    relays: bool = False
    former_stores: tuple[str, ...] = ()
    process: str | None = None
    is_locked: bool = True

    @property
    def is_local(self) -> bool:
        """Whether its process ran on this machine, so that a lock tells whether it still runs.

        Some cluster file systems have locks that only work within one machine (Lustre's
        ``localflock``, NFS's ``local_lock``).
        """
        return is_this_machine(self.host, self.boot)


@dataclass
class JournalReader:
    """Reads the records of a journal.

    Attributes:
        offset: bytes read so far; for a compressed journal, uncompressed bytes.
        damaged: number of lines that were skipped because their checksum is wrong.
        repeated: number of records that were skipped because of their number.
        chain: the hash chain over what was read.
    """

    path: Path
    offset: int = 0
    damaged: int = 0
    repeated: int = 0
    chain: Chain = field(default_factory=Chain, repr=False)
    _last: int = field(default=-1, repr=False)

    @property
    def last(self) -> int:
        """The number of the last record that was read; -1 if none was."""
        return self._last

    def read(self, size: int = READ_BYTES) -> list[Record]:
        """The next whole records, about `size` bytes of them; empty at the end."""
        with closing(self.batches(size)) as batches:
            return next(batches, [])

    def batches(self, size: int = READ_BYTES) -> Generator[list[Record], None, None]:
        """All records from here to the end, about `size` bytes of them at a time."""
        rest = bytearray()
        with opened(self.path) as file:
            file.seek(self.offset)
            while self.damaged < MAX_DAMAGED and (data := self._data(file, size)):
                end = data.rfind(b"\n") + 1
                if end:
                    records = list(self._records(bytes(rest) + data[:end]))
                    rest.clear()
                    if records:
                        yield records
                rest += data[end:]
                if len(rest) > MAX_LINE_BYTES:
                    self._report(len(rest))
                    break  # we never write such a line

    def rewind(self) -> None:
        """Read from the beginning again."""
        self.offset, self._last, self.chain = 0, -1, Chain()

    def __iter__(self) -> Iterator[Record]:
        """All records from here to the end."""
        for records in self.batches():
            yield from records

    def _data(self, file: IO[bytes], size: int) -> bytes:
        try:
            return file.read(size)
        except (EOFError, OSError, zlib.error) as error:
            self.damaged += 1
            logger.warning("%s cannot be read on at byte %d: %s", self.path, self.offset, error)
            return b""

    def _records(self, data: bytes) -> Iterator[Record]:
        """The records of whole lines; an incomplete line is cut off, or still being written."""
        for line in io.BytesIO(data):
            if self.damaged >= MAX_DAMAGED:
                return
            record = parsed(line)
            if record is None:
                self._report(len(line.strip()))
            elif record.sequence > self._last:
                self._last = record.sequence
                yield record._replace(head=self.chain.add(*record[:2], line))
            else:
                self.repeated += 1
            self.offset += len(line)

    def _report(self, size: int) -> None:
        if size:
            self.damaged += 1
            if self.damaged == MAX_DAMAGED:
                logger.warning("%s is not a journal from byte %d on.", self.path, self.offset)
            if self.damaged > MAX_REPORTED:
                return
            logger.warning(
                "A damaged record in %s at byte %d was skipped (%d bytes, after record %d).",
                self.path,
                self.offset,
                size,
                self._last,
            )


def read_header(path: Path) -> Header | None:
    """The header of a journal; None if its process was killed before writing it.

    Raises:
        JournalError: the header is damaged, or a newer version wrote it.
    """
    try:
        with opened(path) as file:
            line = file.readline(HEADER_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _unreadable(path) from error
    if not line.endswith(b"\n") and len(line) < HEADER_BYTES:
        return None
    record = parsed(line)
    if record is None or record.sequence != 0:
        raise _unreadable(path)
    try:
        return _header(path, record.message)
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise _unreadable(path) from error


def _header(path: Path, message: UncheckedMessage) -> Header:
    if message["format"] > FORMAT:
        raise JournalError(
            f"A newer keras-prov wrote the journal {path} (format {message['format']}; this one "
            f"reads format {FORMAT}): upgrade keras-prov."
        )
    if datetime.fromisoformat(message["created"]).tzinfo is None:
        raise ValueError(message["created"])
    texts = message["journal"], message["host"], message.get("boot") or "", message["store"] or ""
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(texts)
    return Header(
        message["journal"],
        message["created"],
        message["host"],
        message.get("boot"),
        int(message["pid"]),
        message["store"],
        bool(message.get("relays", False)),
        tuple(map(str, message.get("was", ()))),
        message.get("process"),
        bool(message.get("locked", True)),
    )


def _unreadable(path: Path) -> JournalError:
    return JournalError(
        f"The journal {path} has no readable beginning, so its store is unknown. Its messages "
        "are text: look into it, or move it away."
    )


def count_records(path: Path) -> int:
    """How many lines a journal has, without checking them."""
    with opened(path) as file:
        return sum(data.count(b"\n") for data in iter(lambda: file.read(READ_BYTES), b""))


def opened(path: Path) -> IO[bytes]:
    """Open a journal, compressed or not."""
    return open_bounded(path) if path.suffix == ".gz" else io.BufferedReader(PrivateFile(path))
