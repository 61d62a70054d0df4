"""What executions take on disk: in the database, in its write-ahead log and in journals."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from dfanalyzer_client import client_for, shutdown
from dfanalyzer_client.delivery.leftovers import drain_leftovers
from dfanalyzer_client.private_server import PrivateServer

from .asking_database import send_execution, tag_of

__all__ = ["DiskUse", "allocated", "disk_use", "say_growth"]

BLOCK = 512
"""Bytes of a block in `stat`, whatever those of the file system are."""
FIRST = 5
"""Executions that are sent before, so that tables and the catalogue are there."""


COMPRESSING_SECONDS = 60.0


class DiskUse(NamedTuple):
    """Bytes in files of a data folder."""

    database: int
    log: int
    journals: int


def disk_use(home: Path) -> DiskUse:
    """What a data folder takes."""
    return DiskUse(
        _size(home.glob("server/*/bat/**/*")),
        _size(home.glob("server/*/sql_logs/**/*")),
        _size(home.glob("journals/*")),
    )


def allocated(paths: Sequence[Path]) -> int:
    """Bytes that files and folders take on the disk; files may vanish meanwhile."""
    files = [path for path in paths if not path.is_dir()]
    for top in paths:
        for folder, _, names in os.walk(top):
            files += [Path(folder, name) for name in names]
    total = 0
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            total += file.lstat().st_blocks * BLOCK
    return total


def say_growth(home: Path, executions: int, epochs: int) -> None:
    """Send executions one after the other, as trainings do, and print what each of them takes.

    The first figures are those while they are written; the others are those after the server was
    restarted, which empties its log, and after the next process has compressed the journal.
    """
    _send(home, "first", FIRST, epochs)
    _settle(home)
    before = disk_use(home)
    _send(home, "sent", executions, epochs)
    _say("as it is written", before, disk_use(home), executions, epochs)
    _settle(home)
    _say("later", before, disk_use(home), executions, epochs)


def _send(home: Path, name: str, executions: int, epochs: int) -> None:
    for number in range(executions):
        client = client_for(home=home)
        send_execution(client, tag_of(0), f"{name}-{number}", epochs)
        client.flush(None)


def _settle(home: Path) -> None:
    """End as a process does, let another compress the journals, and restart the server."""
    shutdown()
    drain_leftovers(None, home, COMPRESSING_SECONDS)
    for _ in range(2):  # what the log has is moved to the tables when the server starts
        PrivateServer(home).stop()
        PrivateServer(home).ensure()


def _say(when: str, before: DiskUse, after: DiskUse, executions: int, epochs: int) -> None:
    each = [(now - then) / executions / 1e3 for then, now in zip(before, after, strict=True)]
    parts = ", ".join(f"{name} {kb:,.1f}" for name, kb in zip(DiskUse._fields, each, strict=True))
    print(f"KB on disk an execution of {epochs} epochs, {when}: {parts}", flush=True)


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
