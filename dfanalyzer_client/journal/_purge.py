"""Remove what is of erased executions from a journal, and from the dead letters beside it.

What stays keeps its numbers, so that a store that knows how far the journal is stored still does,
and its heads of the hash chain.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from ..declarations.encoding import encode
from ..declarations.erasures import Erasures
from ..declarations.messages import UncheckedMessage, is_dataflow
from ..errors import JournalError
from ..support.descriptors import Descriptor, open_nofollow
from ._chain import CHAIN_HEAD, Chain
from ._dead_letters import DeadLetters
from ._files import NEW
from ._lock import lock
from ._naming import executions_named
from ._packing import packed
from ._reader import opened
from ._record import MAX_LINE_BYTES, line_of, parsed

__all__ = ["purge"]

LEFT_OUT = {"kind": "refused"}
"""Stands in place of erased messages, with the head of the hash chain after them."""


def purge(journal: Path, erasures: Erasures) -> tuple[int, Descriptor]:
    """Remove what is of erased executions from a journal whose lock we hold.

    The file is replaced atomically, and keeps its age.

    Returns:
        How many messages were removed, and a lock on the new file.

    Raises:
        JournalError: the file cannot be read or written; it is as it was.
    """
    new = journal.with_suffix(NEW)
    try:
        times = journal.stat()
        removed = _copy(journal, new, _Sieve(erasures, executions_named(journal)))
        _purge_dead_letters(DeadLetters.of_journal(journal).path, removed, erasures)
        os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
        descriptor = Descriptor(lambda: open_nofollow(new, os.O_RDWR))
        lock(descriptor.number)  # before another process can see it
        new.replace(journal)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise JournalError(f"The journal {journal} cannot be written: {error.strerror}.") from error
    except (EOFError, zlib.error) as error:
        new.unlink(missing_ok=True)
        raise JournalError(f"The journal {journal} is damaged, and stays as it is.") from error
    return len(removed), descriptor


class _Sieve:
    """Decides which messages of a journal stay, and what of them."""

    def __init__(self, erasures: Erasures, named: Iterable[tuple[str, str]]) -> None:
        self._erasures = erasures
        self._living = {
            dataflow for dataflow, tag in named if not erasures.has_execution(dataflow, tag)
        }

    def kept(self, message: UncheckedMessage) -> UncheckedMessage | None:
        """What stays of a message: all of it, a part, or nothing."""
        if is_dataflow(message):
            tag = str(message.get("tag"))
            if self._erasures.has_dataflow(tag) and tag not in self._living:
                return None
        return self._erasures.living_part(message)


def _copy(journal: Path, new: Path, sieve: _Sieve) -> set[int]:
    """Write what stays of a journal to a new file; returns the numbers of what does not."""
    removed: set[int] = set()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with opened(journal) as source, os.fdopen(open_nofollow(new, flags), "wb") as raw:
        with packed(raw, journal) as target:
            chain, last = Chain(), -1

            def close_gap() -> None:
                if last in removed:
                    target.write(_line_with_head(last, LEFT_OUT, chain))

            for line in _lines(source):
                record = parsed(line)
                if record is None:
                    target.write(line)  # damaged: nobody can tell whose it is
                    continue
                message = sieve.kept(record.message)
                if message is not None:
                    close_gap()
                chain.add(*record[:2], line)
                last = record.sequence
                if message is None:
                    removed.add(last)
                elif message is record.message:
                    target.write(line)
                else:
                    target.write(_line_with_head(last, message, chain))
            close_gap()
        raw.flush()
        os.fsync(raw.fileno())
    return removed


def _line_with_head(sequence: int, message: UncheckedMessage, chain: Chain) -> bytes:
    """The line of a message in place of another one, after which the chain goes on."""
    return line_of(sequence, encode({**message, CHAIN_HEAD: chain.head.hex()}))


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    """Whole lines; what a kill has cut off at the end is not one."""
    while (line := source.readline(MAX_LINE_BYTES)).endswith(b"\n"):
        yield line


def _purge_dead_letters(path: Path, removed: set[int], erasures: Erasures) -> None:
    with contextlib.suppress(FileNotFoundError):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not _is_of_erased(line, removed, erasures)]
        if not kept:
            path.unlink()
        elif len(kept) < len(lines):
            new = path.with_suffix(f".refused{NEW}")
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(open_nofollow(new, flags), "wb") as file:
                file.writelines(kept)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)


def _is_of_erased(line: bytes, removed: set[int], erasures: Erasures) -> bool:
    try:
        entry: Any = json.loads(line)
        message = entry.get("message")
        return entry["sequence"] in removed or (
            isinstance(message, dict) and erasures.names(message)
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
