"""Follow what other processes declare: read their journals once, then only what was added."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from ..declarations.encoding import may_declare, relayed_task
from ..declarations.messages import JournalDataflow
from ._files import is_done, journals, stem
from ._reader import opened
from ._record import MAX_LINE_BYTES
from ._search import SEARCHED_BYTES, declaration, declares

__all__ = ["TaskName", "UpdateReader", "Updates"]

TaskName = tuple[str, str, str, str]
"""Dataflow, execution, transformation, id."""

SETTLED_SECONDS = 0.1
"""A folder that changed more recently than this may change again within the same time stamp."""


@dataclass
class Updates:
    """What was added to journals since the last reading.

    Attributes:
        declarations: dataflow messages that begin an execution, in the order they were sent.
        tasks: the latest status of relayed tasks, and the declaration that each conforms to.
    """

    declarations: list[JournalDataflow]
    tasks: dict[TaskName, tuple[str, str]]


class _Position(NamedTuple):
    path: Path
    offset: int


class UpdateReader:
    """Reads journals that other processes write.

    Args:
        folder: holds the journals.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._live: dict[str, _Position] = {}
        self._done: set[str] = set()
        self._seen = (-1, 0.0)

    def pending(self, own: Path | None) -> bool:
        """Whether there may be updates in journals other than `own`, which is ours."""
        if self._changed():
            return True
        for known in self._live.values():
            if known.path != own:
                try:
                    if known.path.stat().st_size > known.offset:
                        return True
                except OSError:  # compressed, or removed
                    return True
        return False

    def read(self, own: Path | None) -> Updates:
        """What is new. The first call reads everything, up to the newest gigabyte."""
        declarations: list[tuple[float, JournalDataflow]] = []
        tasks: list[dict[TaskName, tuple[str, str]]] = []
        left, seen = SEARCHED_BYTES, (self._stamp(), time.time())
        for path in reversed(self._unread(own)):
            offset = self._live.get(stem(path), _Position(path, 0)).offset
            latest_tasks: dict[TaskName, tuple[str, str]] = {}
            end = self._read(path, offset, declarations, latest_tasks) if left > 0 else _size(path)
            tasks.append(latest_tasks)
            left -= end - offset
            self._live.pop(stem(path), None)
            if is_done(path):
                self._done.add(stem(path))
            else:
                self._live[stem(path)] = _Position(path, end)
        self._seen = seen
        declarations.sort(key=itemgetter(0))  # stable: those of one journal stay in order
        known = {
            name: state for latest_tasks in reversed(tasks) for name, state in latest_tasks.items()
        }
        return Updates([message for _, message in declarations], known)

    def _unread(self, own: Path | None) -> list[Path]:
        """Journals that may have more, oldest first."""
        found = {stem(path): path for path in journals(self._folder, done=True)}
        self._done &= found.keys()
        self._live = {name: position for name, position in self._live.items() if name in found}
        return [path for name, path in found.items() if path != own and name not in self._done]

    def _read(
        self,
        path: Path,
        offset: int,
        declarations: list[tuple[float, JournalDataflow]],
        tasks: dict[TaskName, tuple[str, str]],
    ) -> int:
        """Read the rest of a journal; returns where it ends for now."""
        latest = _created(path)
        for line in _whole_lines(path, offset):
            offset += len(line)
            if may_declare(line):
                message = declaration(line)
                if message is not None and declares(message):
                    latest = max(latest, _sent_at(message))
                    declarations.append((latest, message))
            elif (task := relayed_task(line)) is not None:
                tasks[task.name] = task.status, task.declared
        return offset

    def _changed(self) -> bool:
        stamp, at = self._seen
        new = self._stamp()
        return new != stamp or new / 1e9 > at - SETTLED_SECONDS

    def _stamp(self) -> int:
        try:
            return self._folder.stat().st_mtime_ns
        except OSError:
            return 0


def _whole_lines(path: Path, offset: int) -> Iterator[bytes]:
    try:
        with opened(path) as file:
            file.seek(offset)
            while (line := file.readline(MAX_LINE_BYTES)).endswith(b"\n"):
                yield line  # the rest is cut off, or still being written
    except (OSError, EOFError, zlib.error):
        return  # damaged; or compressed meanwhile, and soon found under its new name


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sent_at(message: JournalDataflow) -> float:
    """When a message was sent, in seconds since the epoch; 0 if it does not say."""
    when = message.get("said")
    return when if isinstance(when, float) else 0.0


def _created(path: Path) -> float:
    """When a journal was created, according to its name."""
    try:
        began = datetime.strptime(path.name.partition("-")[0], "%Y%m%dT%H%M%S")
    except ValueError:
        return 0.0
    return began.replace(tzinfo=UTC).timestamp()
