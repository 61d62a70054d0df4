"""Rows that the trainings of an execution have sent, so that later ones only refer to them.

A program that fits one model a thousand times has the same layers, graph and environment each time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.task import Task

from .rows import Row

__all__ = ["RepeatedRows"]

Rows = Sequence[Row]


class RepeatedRows:
    """The newest rows of every set that may be referred to, and the task that sent them."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._known: dict[str, tuple[Rows, Task]] = {}

    def find(self, tag: str, rows: Rows) -> Task | None:
        """The task that sent these rows, if they are still the newest of their set."""
        if self._process != os.getpid():  # a child's journal may be stored before its parent's
            self._process, self._known = os.getpid(), {}
        known, source = self._known.get(tag, (None, None))
        return source if rows and known == _unstamped(tag, rows) else None

    def keep(self, tag: str, rows: Rows, task: Task) -> None:
        """Remember rows that were sent."""
        if SETS[tag].is_once:
            self._known[tag] = _unstamped(tag, rows), task


def _unstamped(tag: str, rows: Rows) -> Rows:
    """The rows without the time at which they were read, which always differs."""
    time = SETS[tag].time
    return [{name: value for name, value in row.items() if name != time} for row in rows]
