"""Writing another store into a journal: where its messages go has moved."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import IO, cast

from ..config.store_url import StoreURL
from ..errors import JournalError
from ..support.descriptors import Descriptor, open_nofollow
from ._files import NEW
from ._lock import lock
from ._reader import opened
from ._record import line_of, parsed

__all__ = ["readdress"]


def readdress(journal: Path, store: StoreURL) -> Descriptor:
    """Let the messages of a journal that was taken over go to `store`; a lock on it as it is now.

    All else of it stays, its age, too. It changes at once or not at all.

    Raises:
        JournalError: it has no readable beginning, or cannot be written.
    """
    new = journal.with_suffix(NEW)
    try:
        times = journal.stat()
        _copy(journal, new, str(store.without_password()))
        os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
        descriptor = Descriptor(lambda: open_nofollow(new, os.O_RDWR))
        lock(descriptor.number)  # before anybody finds it
        new.replace(journal)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise JournalError(f"The journal {journal} cannot be written: {error.strerror}.") from error
    return descriptor


def _copy(journal: Path, new: Path, store: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with opened(journal) as source, os.fdopen(open_nofollow(new, flags), "wb") as raw:
        first = parsed(source.readline())
        if first is None or first.sequence:
            raise JournalError(f"The journal {journal} has no readable beginning.")
        was = [*first.message.get("was", ()), first.message["store"]]
        message = {**first.message, "store": store, "was": was}
        header = json.dumps(message, separators=(",", ":"))
        with _packed(raw, journal) as target:
            target.write(line_of(0, header))
            shutil.copyfileobj(source, target, 1 << 20)
        raw.flush()
        os.fsync(raw.fileno())


def _packed(raw: IO[bytes], journal: Path) -> IO[bytes]:
    """What writes to `raw`, which stays open: compressed where the journal is."""
    if journal.suffix != ".gz":
        return os.fdopen(os.dup(raw.fileno()), "wb")
    return cast("IO[bytes]", gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0))
