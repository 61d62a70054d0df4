"""What processes declare, as their journals grow: read once, and from then on what is new."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from ..declarations.encoding import may_declare, relayed_task
from ._files import is_done, journals, stem
from ._reader import opened
from ._record import LONGEST, parsed
from ._search import SEARCHED_BYTES, declares

__all__ = ["DeclarationNews", "News", "TaskName"]

TaskName = tuple[str, str, str, str]
"""Dataflow, execution, transformation, id."""

SETTLED_SECONDS = 0.1
"""A folder that changed so lately may change again without another time stamp."""


@dataclass
class News:
    """What journals have that was not read before.

    Attributes:
        declarations: dataflow messages that begin an execution, in the order they were said.
        tasks: the last state of relayed tasks, and what declaration they keep to.
    """

    declarations: list[dict[str, Any]]
    tasks: dict[TaskName, tuple[str, str]]


class _Known(NamedTuple):
    path: Path
    offset: int


class DeclarationNews:
    """Reads the journals of a folder that other processes write.

    Args:
        folder: of the journals.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._live: dict[str, _Known] = {}
        self._done: set[str] = set()
        self._seen = (-1, 0.0)

    def pending(self, own: Path | None) -> bool:
        """Whether there may be news; `own` is the journal that is none of another's."""
        if self._changed():
            return True
        for each in self._live.values():
            if each.path != own:
                try:
                    if each.path.stat().st_size > each.offset:
                        return True
                except OSError:  # compressed, or removed
                    return True
        return False

    def read(self, own: Path | None) -> News:
        """What is new; at first all, of which the newest gigabyte is read."""
        said: list[tuple[float, dict[str, Any]]] = []
        tasks: list[dict[TaskName, tuple[str, str]]] = []
        left, seen = SEARCHED_BYTES, (self._stamp(), time.time())
        for path in reversed(self._unread(own)):
            offset = self._live.get(stem(path), _Known(path, 0)).offset
            these: dict[TaskName, tuple[str, str]] = {}
            end = self._read(path, offset, said, these) if left > 0 else _size(path)
            tasks.append(these)
            left -= end - offset
            self._live.pop(stem(path), None)
            if is_done(path):
                self._done.add(stem(path))
            else:
                self._live[stem(path)] = _Known(path, end)
        self._seen = seen
        said.sort(key=lambda each: each[0])  # stable: within a journal they stand in order
        known = {name: state for these in reversed(tasks) for name, state in these.items()}
        return News([message for _, message in said], known)

    def _unread(self, own: Path | None) -> list[Path]:
        """Journals that may have more, oldest first."""
        found = {stem(path): path for path in journals(self._folder, done=True)}
        self._done &= found.keys()
        self._live = {name: each for name, each in self._live.items() if name in found}
        return [path for name, path in found.items() if path != own and name not in self._done]

    def _read(
        self,
        path: Path,
        offset: int,
        said: list[tuple[float, dict[str, Any]]],
        tasks: dict[TaskName, tuple[str, str]],
    ) -> int:
        """Read a journal on; where it ends for now."""
        latest = _created(path)
        for line in _whole_lines(path, offset):
            offset += len(line)
            if may_declare(line):
                record = parsed(line)
                if record is not None and declares(record.message):
                    latest = max(latest, _said(record.message))
                    said.append((latest, record.message))
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
            while (line := file.readline(LONGEST)).endswith(b"\n"):
                yield line  # and what is left is torn, or still being written
    except (OSError, EOFError, zlib.error):
        return  # compressed meanwhile, and then found under another name; or damaged


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _said(message: dict[str, Any]) -> float:
    """When a message was said; of the epoch's beginning where it does not say it."""
    when = message.get("said")
    return when if isinstance(when, float) else 0.0


def _created(path: Path) -> float:
    """When a journal was begun, as its name says."""
    try:
        began = datetime.strptime(path.name.partition("-")[0], "%Y%m%dT%H%M%S")
    except ValueError:
        return 0.0
    return began.replace(tzinfo=UTC).timestamp()
