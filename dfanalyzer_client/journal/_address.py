"""Change the store that a journal is for, because that server has moved."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..config.store_url import StoreURL
from ..declarations.encoding import encode
from ..errors import JournalError
from ..support.descriptors import Descriptor, open_nofollow
from ._files import NEW
from ._lock import lock
from ._packing import packed
from ._reader import opened
from ._record import line_of, parsed

__all__ = ["readdress"]


def readdress(journal: Path, store: StoreURL) -> Descriptor:
    """Send the messages of a journal whose lock we hold to `store` from now on.

    Everything else stays the same, including its age. The file is replaced atomically.

    Returns:
        A lock on the new file.

    Raises:
        JournalError: the journal's header cannot be read, or the file cannot be written.
    """
    new = journal.with_suffix(NEW)
    try:
        times = journal.stat()
        _copy(journal, new, str(store.without_password()))
        os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
        descriptor = Descriptor(lambda: open_nofollow(new, os.O_RDWR))
        lock(descriptor.number)  # before another process can see it
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
        header = encode(message)
        with packed(raw, journal) as target:
            target.write(line_of(0, header))
            shutil.copyfileobj(source, target, 1 << 20)
        raw.flush()
        os.fsync(raw.fileno())
