"""The files of journals: their names, and what happens to them once they are stored."""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..support.descriptors import Descriptor, PrivateFile, open_private

__all__ = ["SUFFIX", "compressed", "is_done", "is_journal", "journals", "remove_expired", "stem"]

SUFFIX = ".journal"
NEW = ".new"
"""Suffix of a file that is being written; a kill may leave it behind."""

ARCHIVED, STORED = ".journal.gz", ".stored.gz"
STEP_BYTES = 1 << 20
GZIP = 31
"""zlib's code (``wbits``) for gzip's format, with the time stamp 0."""

DAY = 86_400.0


def journals(folder: Path, *, done: bool = False) -> list[Path]:
    """The journals in `folder`, oldest first; with `done` also the completely stored ones."""
    found = list(folder.glob(f"*{SUFFIX}"))
    if done:
        found += [*folder.glob(f"*{ARCHIVED}"), *folder.glob(f"*{STORED}")]
    return sorted(found, key=lambda path: path.name)


def is_journal(path: Path) -> bool:
    """Whether a file is a journal, according to its name."""
    return path.name.endswith((SUFFIX, ARCHIVED, STORED))


def is_done(journal: Path) -> bool:
    """Whether a journal is completely stored, according to its name."""
    return journal.suffix == ".gz"


def stem(journal: Path) -> str:
    """The part of a journal's name that is the same in all its states."""
    return journal.name.partition(".")[0]


def compressed(journal: Path, *, keep: bool) -> Iterator[None]:
    """Compress, step by step, a completely stored journal whose lock we hold.

    Args:
        journal: the journal's file.
        keep: whether it is kept for ever, because the private database can be rebuilt from it.

    Raises:
        OSError: the disk is full; the journal stays as it was.
    """
    done = journal.with_name(stem(journal) + (ARCHIVED if keep else STORED))
    new = done.with_suffix(NEW)
    try:
        with PrivateFile(journal) as source, _create_private(new) as target:
            # No buffer may be pending at a yield: a forked child that drops this generator would
            # flush it into its parent's file.
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
    """Remove journals that a server stored more than `days` ago, except those with dead letters.

    Incomplete files that a kill left behind are removed, too, after at least a day.
    """
    now = time.time()
    ages = dict.fromkeys(folder.glob(f"*{STORED}"), days)
    ages |= {path: max(days, 1.0) for path in folder.glob(f"*{NEW}")}
    for path, allowed in ages.items():
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            dead_letters = path.with_name(f"{stem(path)}.refused")
            if path.stat().st_mtime < now - allowed * DAY and not dead_letters.exists():
                path.unlink()


@contextlib.contextmanager
def _create_private(path: Path) -> Iterator[Descriptor]:
    """Create a file that only its user may read."""
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
