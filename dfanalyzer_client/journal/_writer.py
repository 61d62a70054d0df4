"""Write the journal of this process; it is only appended to."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..config import settings
from ..config.store_url import StoreURL
from ..declarations.encoding import encode
from ..errors import JournalError
from ..support.descriptors import Descriptor, open_private
from ..support.machine import boot
from ._files import NEW, SUFFIX
from ._lock import lock
from ._process import process_identity
from ._record import FORMAT, Record, line_of

__all__ = ["Journal", "append_records"]

logger = logging.getLogger(__name__)

MAX_WAITING_BYTES = 64 << 20
"""How much may wait in memory while the disk is full."""


class Journal:
    """Appends messages to a file of its own.

    While the disk is full, messages wait in memory. Once there is space, they are written, in
    order, before the next message. A journal that relays messages of other processes refuses them
    instead, so that their senders know.

    Attributes:
        path: the file.
        id: its id, by which a store knows it.
        store: URL, without the password, of the store for its messages; None: the private server.
        sequence: number of the last message.
    """

    def __init__(
        self, folder: Path, store: StoreURL | None = None, *, relays: bool = False
    ) -> None:
        """Create the file, mode 0600 in a folder of mode 0700; raises JournalError if it cannot."""
        self.id = uuid.uuid4().hex
        self._relays = relays
        self.store = None if store is None else str(store.without_password())
        created = datetime.now(UTC)
        self.path = folder / f"{created:%Y%m%dT%H%M%S}-{os.getpid()}-{self.id[:8]}{SUFFIX}"
        self.sequence = -1
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._fsync = settings.fsync()
        new = self.path.with_suffix(NEW)
        self._descriptor, is_locked = _create(new)
        header = {
            "journal": self.id,
            "format": FORMAT,
            "created": created.isoformat(),
            "host": socket.gethostname(),
            "boot": boot(),
            "pid": os.getpid(),
            "store": self.store,
            "relays": relays,
            "process": process_identity(os.getpid()),
            "locked": is_locked,
        }
        self.append(header)
        _publish(new, self.path, fsync=self._fsync)

    def append(self, message: Mapping[str, object]) -> int:
        """Append one message; see `append_text`."""
        return self.append_text(encode(message))

    def append_text(self, body: str) -> int:
        """Append one message, given as JSON in ASCII.

        On return, the operating system has its bytes; while the disk is full, they are in memory.

        Returns:
            The message's sequence number.

        Raises:
            JournalError: the message was not appended, because too much waits in memory already,
                the journal is closed, or it relays messages and its disk is full.
        """
        with self._lock:
            line = line_of(self.sequence + 1, body)
            if self._waiting:
                self._write_waiting()
            if self._waiting or not self._write(line):
                self._add_waiting(line)
            self.sequence += 1
            return self.sequence

    def write_waiting(self) -> int:
        """Try to write the messages that wait in memory; returns how many still do."""
        if self._waiting:
            with self._lock:
                self._write_waiting()
        return len(self._waiting)

    def close(self, *, remove: bool = False) -> None:
        """Close and unlock the file, and remove it if `remove`; closing it twice is harmless."""
        with self._lock:
            if self._descriptor.number >= 0:
                if remove:
                    self.path.unlink(missing_ok=True)
                self._descriptor.close()

    def _write_waiting(self) -> None:
        while self._waiting and self._write(self._waiting[0]):
            self._waiting_bytes -= len(self._waiting.popleft())
        if not self._waiting:
            logger.warning("The journal %s can be written again, and nothing was lost.", self.path)

    def _write(self, line: bytes) -> bool:
        """Write a whole line, or nothing of it; returns whether it is written."""
        descriptor = self._descriptor.number
        if descriptor < 0:
            raise JournalError(f"The journal {self.path} was closed.")
        done = 0
        try:
            while done < len(line):
                done += os.write(descriptor, line[done:])
        except OSError as error:
            self._report(error)
            self._truncate(done)
            return False
        if self._fsync:
            self._sync()
        return True

    def _truncate(self, count: int) -> None:
        """Remove the `count` bytes of an incomplete line; if that fails, readers skip it."""
        if count:
            try:
                descriptor = self._descriptor.number
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - count)
            except OSError:
                self._waiting.appendleft(b"\n")
                self._waiting_bytes += 1

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor.number)
        except OSError as error:
            logger.warning(
                "%s may not survive a power cut: fsync failed (%s).", self.path, error.strerror
            )

    def _add_waiting(self, line: bytes) -> None:
        if self._relays:
            raise JournalError(
                f"The journal {self.path} cannot be written, because its disk is full."
            )
        if self._waiting_bytes + len(line) > MAX_WAITING_BYTES:
            raise JournalError(
                f"The journal {self.path} cannot be written, and {len(self._waiting)} messages "
                "wait in memory already, so this one is lost. Free space on its disk."
            )
        self._waiting.append(line)
        self._waiting_bytes += len(line)

    def _report(self, error: OSError) -> None:
        if not self._waiting:
            logger.warning(
                "The journal %s cannot be written: %s. What is captured waits in memory until it "
                "can, and is lost if the process is killed before. Free space on that disk, or set "
                "KERAS_PROV_HOME to a folder on another one next time.",
                self.path,
                error.strerror,
            )


def append_records(path: Path, records: Sequence[Record]) -> None:
    """Append to a journal whose lock we hold, in place of an incomplete last line.

    Raises:
        JournalError: it cannot be written.
    """
    lines = [line_of(record.sequence, encode(record.message)) for record in records]
    try:
        with open(path, "r+b", opener=open_private) as file:
            file.truncate(_end_of_last_line(path))
            file.seek(0, os.SEEK_END)
            file.write(b"".join(lines))
    except OSError as error:
        raise JournalError(f"The journal {path} cannot be written: {error.strerror}.") from error


def _end_of_last_line(path: Path) -> int:
    """Where the last complete line of a journal ends; 0 if it has none."""
    size = path.stat().st_size
    with open(path, "rb", opener=open_private) as file:
        step = 1 << 16
        for start in range(max(size - 1, 0) // step * step, -1, -step):
            file.seek(start)
            end = file.read(step).rfind(b"\n")
            if end >= 0:
                return start + end + 1
    return 0


def _create(path: Path) -> tuple[Descriptor, bool]:
    """Create and lock a file under a name that no journal has: others find it once it is locked.

    Returns:
        The file, and whether its file system has locks.
    """
    try:
        for folder in (path.parent.parent, path.parent):  # `parents` would not give them the mode
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        descriptor = Descriptor(lambda: open_private(path, flags))
    except OSError as error:
        raise _cannot_create(path, error) from error
    return descriptor, lock(descriptor.number)


def _publish(new: Path, path: Path, *, fsync: bool) -> None:
    try:
        new.rename(path)
        if fsync and os.name == "posix":
            _sync_folder(path.parent)
    except OSError as error:
        raise _cannot_create(path, error) from error


def _cannot_create(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"The journal {path} cannot be created: {error.strerror}. Make {path.parent} a folder that "
        "you may write to, or set KERAS_PROV_HOME to another."
    )


def _sync_folder(folder: Path) -> None:
    """Sync a folder: a file survives a power cut only if its entry there does, too (fsync(2))."""
    descriptor = open_private(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
