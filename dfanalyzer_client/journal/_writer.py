"""The journal of this process: appends, and nothing else."""

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
from ._files import NEW, SUFFIX
from ._lock import lock
from ._reader import boot
from ._record import FORMAT, Record, line_of

__all__ = ["Journal", "append_records"]

logger = logging.getLogger(__name__)

WAITING_BYTES = 64 << 20
"""So much waits in memory while the disk is full."""


class Journal:
    """Appends messages to a file of its own.

    What cannot be written (the disk is full) waits in memory, and is written in order before the
    next message, once there is room; unless it relays what others said, who are told instead.

    Attributes:
        path: the file.
        id: names the journal in the store.
        store: URL, without the password, of where its messages go; None is the private server.
        sequence: number of the last message that was taken.
    """

    def __init__(
        self, folder: Path, store: StoreURL | None = None, *, relays: bool = False
    ) -> None:
        """Create the file, 0600 in a folder 0700; raises JournalError where that fails."""
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
        self._descriptor = _created(new)
        header = {
            "journal": self.id,
            "format": FORMAT,
            "created": created.isoformat(),
            "host": socket.gethostname(),
            "boot": boot(),
            "pid": os.getpid(),
            "store": self.store,
            "relays": relays,
        }
        self.append(header)
        _published(new, self.path, fsync=self._fsync)

    def append(self, message: Mapping[str, object]) -> int:
        """Take one message; see `append_text`."""
        return self.append_text(encode(message))

    def append_text(self, body: str) -> int:
        """Take one message that is JSON in ASCII already.

        Its bytes are with the operating system on return, or, while the disk is full, in memory.

        Returns:
            The message's sequence number.

        Raises:
            JournalError: too much waits in memory already, or the journal was closed, or it relays
                and cannot be written. The message was not taken.
        """
        with self._lock:
            line = line_of(self.sequence + 1, body)
            if self._waiting:
                self._write_waiting()
            if self._waiting or not self._write(line):
                self._let_wait(line)
            self.sequence += 1
            return self.sequence

    def settle(self) -> int:
        """Try again to write what waits in memory; how many messages still do."""
        if self._waiting:
            with self._lock:
                self._write_waiting()
        return len(self._waiting)

    def close(self, *, remove: bool = False) -> None:
        """Let go of the file and of its lock, and remove it if told to; twice is fine."""
        with self._lock:
            if self._descriptor.number >= 0:
                if remove:
                    self.path.unlink(missing_ok=True)
                self._descriptor.close()

    def _write_waiting(self) -> None:
        while self._waiting and self._write(self._waiting[0]):
            self._waiting_bytes -= len(self._waiting.popleft())
        if not self._waiting:
            logger.warning("The journal %s can be written again, and nothing is lost.", self.path)

    def _write(self, line: bytes) -> bool:
        """Write a whole line, or nothing of it."""
        descriptor = self._descriptor.number
        if descriptor < 0:
            raise JournalError(f"The journal {self.path} was closed.")
        done = 0
        try:
            while done < len(line):
                done += os.write(descriptor, line[done:])
        except OSError as error:
            self._report(error)
            self._take_back(done)
            return False
        if self._fsync:
            self._force()
        return True

    def _take_back(self, count: int) -> None:
        """Remove the half of a line; readers pass over it where that cannot be done."""
        if count:
            try:
                descriptor = self._descriptor.number
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - count)
            except OSError:
                self._waiting.appendleft(b"\n")
                self._waiting_bytes += 1

    def _force(self) -> None:
        try:
            os.fsync(self._descriptor.number)
        except OSError as error:
            logger.warning(
                "%s is not safe from a power cut: fsync failed (%s).", self.path, error.strerror
            )

    def _let_wait(self, line: bytes) -> None:
        if self._relays:
            raise JournalError(f"The journal {self.path} cannot be written: its disk is full.")
        if self._waiting_bytes + len(line) > WAITING_BYTES:
            raise JournalError(
                f"The journal {self.path} cannot be written, and {len(self._waiting)} messages "
                "wait in memory already, so this one is lost. Make room on its disk."
            )
        self._waiting.append(line)
        self._waiting_bytes += len(line)

    def _report(self, error: OSError) -> None:
        if not self._waiting:
            logger.warning(
                "The journal %s cannot be written: %s. What is said waits in memory, where a kill "
                "would lose it, until there is room. Make room, or set KERAS_PROV_HOME to a folder "
                "on another disk next time.", self.path, error.strerror,
            )  # fmt: skip


def append_records(path: Path, records: Sequence[Record]) -> None:
    """Write to a journal that was taken over, in place of a torn last line; raises JournalError."""
    lines = [line_of(each.sequence, encode(each.message)) for each in records]
    try:
        with open(path, "r+b", opener=open_private) as file:
            file.truncate(_whole_bytes(path))
            file.seek(0, os.SEEK_END)
            file.write(b"".join(lines))
    except OSError as error:
        raise JournalError(f"The journal {path} cannot be written: {error.strerror}.") from error


def _whole_bytes(path: Path) -> int:
    """Size of a journal up to the end of its last whole line."""
    size = path.stat().st_size
    with open(path, "rb", opener=open_private) as file:
        step = 1 << 16
        for start in range(max(size - 1, 0) // step * step, -1, -step):
            file.seek(start)
            end = file.read(step).rfind(b"\n")
            if end >= 0:
                return start + end + 1
    return 0


def _created(path: Path) -> Descriptor:
    """A file that is not a journal yet, so that nobody finds it before it is locked."""
    try:
        for folder in (path.parent.parent, path.parent):  # the mode is that of the last one only
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        descriptor = Descriptor(lambda: open_private(path, flags))
    except OSError as error:
        raise _cannot_create(path, error) from error
    lock(descriptor.number)
    return descriptor


def _published(new: Path, path: Path, *, fsync: bool) -> None:
    try:
        new.rename(path)
        if fsync and os.name == "posix":
            _force_folder(path.parent)
    except OSError as error:
        raise _cannot_create(path, error) from error


def _cannot_create(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"The journal {path} cannot be created: {error.strerror}. Make {path.parent} a folder that "
        "you may write to, or set KERAS_PROV_HOME to another."
    )


def _force_folder(folder: Path) -> None:
    """A file is safe from a power cut once its folder's entry is, too (fsync(2))."""
    descriptor = open_private(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
