"""The files of journals: their names, and what becomes of those that are stored."""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..support.descriptors import Descriptor, open_private

__all__ = ["SUFFIX", "compressed", "is_done", "journals", "remove_expired", "stem"]

SUFFIX = ".journal"
NEW = ".new"
"""A file that is being made; a kill may leave it so."""

ARCHIVED, STORED = ".journal.gz", ".stored.gz"
STEP_BYTES = 1 << 20
GZIP = 31
"""zlib's word for a file of gzip's (``wbits``); its time is 0."""

DAY = 86_400.0


def journals(folder: Path, *, done: bool = False) -> list[Path]:
    """The journals in `folder`, oldest first; with `done` also those that are all stored."""
    found = list(folder.glob(f"*{SUFFIX}"))
    if done:
        found += [*folder.glob(f"*{ARCHIVED}"), *folder.glob(f"*{STORED}")]
    return sorted(found, key=lambda path: path.name)


def is_done(journal: Path) -> bool:
    """Whether all of a journal is stored, as its name says."""
    return journal.suffix == ".gz"


def stem(journal: Path) -> str:
    """What the names of a journal in all its states begin with."""
    return journal.name.partition(".")[0]


def compressed(journal: Path, *, keep: bool) -> Iterator[None]:
    """Compress, in steps, a journal that was taken over and is all stored.

    `keep`: it is never removed, because the private database can be made anew from it.

    Raises:
        OSError: there is no room for it; the journal is as it was.
    """
    done = journal.with_name(stem(journal) + (ARCHIVED if keep else STORED))
    new = done.with_suffix(NEW)
    try:
        with open(journal, "rb", opener=open_private) as source, _create_private(new) as target:
            # Nothing waits in memory to be written when a block is left: a forked child that drops
            # this generator would write it, too, into its parent's file.
            packer = zlib.compressobj(wbits=GZIP)
            while data := source.read(STEP_BYTES):
                _write(target, packer.compress(data))
                yield
            _write(target, packer.flush())
            os.fsync(target.number)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    new.replace(done)
    journal.unlink()


def remove_expired(folder: Path, days: float) -> None:
    """Remove journals that a server stored so long ago; never one with messages set aside.

    Files that a kill left half made go, too, after a day at least.
    """
    now = time.time()
    ages = dict.fromkeys(folder.glob(f"*{STORED}"), days)
    ages |= {path: max(days, 1.0) for path in folder.glob(f"*{NEW}")}
    for path, allowed in ages.items():
        with contextlib.suppress(FileNotFoundError):  # another process was first
            aside = path.with_name(f"{stem(path)}.refused")
            if path.stat().st_mtime < now - allowed * DAY and not aside.exists():
                path.unlink()


@contextlib.contextmanager
def _create_private(path: Path) -> Iterator[Descriptor]:
    """A new file that only its user may read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    descriptor = Descriptor(lambda: open_private(path, flags))
    try:
        yield descriptor
    finally:
        descriptor.close()


def _write(target: Descriptor, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target.number, view) :]
