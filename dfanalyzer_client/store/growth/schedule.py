"""When pending columns and links are tried again: a little at a time, with back-off."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence

from ..connection import Connection
from ..layout import DataflowLayout
from ..layout_queries import load_layout
from .apply_pending import apply_pending, tags_with_pending_columns
from .links import link_pending

__all__ = ["PendingGrowth"]

logger = logging.getLogger(__name__)

MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 1.0, 30.0
"""Bounds of the seconds between two attempts at what a reader's open transaction blocks."""

STEP_SECONDS = 0.2
"""The longest step, so that what was captured meanwhile is stored soon."""


class PendingGrowth:
    """The pending columns and links of one store, and when they are tried next.

    Args:
        readers: users who may SELECT from recreated views.

    Attributes:
        due: when the next attempt is due (`time.monotonic`).
    """

    def __init__(self, readers: Sequence[str]) -> None:
        self._readers = readers
        self._backoff, self.due = MIN_BACKOFF_SECONDS, 0.0
        self._has_searched = False
        self._blocked: set[str] = set()
        self._queue: deque[str] = deque()

    def step(self, connection: Connection, layouts: Mapping[str, DataflowLayout]) -> float | None:
        """Do some of the pending work, if it is due.

        Args:
            connection: to the store.
            layouts: the dataflows that this process stores, by tag.

        Returns:
            Seconds until the next attempt, 0 if more can be done at once; None if nothing is left
            that retrying may help.

        Raises:
            StoreError: it cannot be done now.
        """
        self._find_pending(connection)
        if not self._queue:
            own = [tag for tag, layout in layouts.items() if layout.unfinished]
            own = [tag for tag in own if tag not in self._blocked]
            if not own:
                self._backoff = MIN_BACKOFF_SECONDS
                return None
            if (rest := self.due - time.monotonic()) > 0:
                return rest
            self._queue.extend(own)
        until = time.monotonic() + STEP_SECONDS
        while self._queue:
            self._apply_pending(connection, self._queue.popleft(), layouts)
            if self._queue and time.monotonic() >= until:
                return 0.0
        self.due = time.monotonic() + self._backoff
        self._backoff = min(2 * self._backoff, MAX_BACKOFF_SECONDS)
        return max(0.0, self.due - time.monotonic())

    def reset(self) -> None:
        """Start over with a new connection."""
        self._blocked.clear()
        self._queue.clear()
        self._has_searched = False

    def _find_pending(self, connection: Connection) -> None:
        """Find, once per connection, what other processes left pending."""
        if not self._has_searched:
            self._has_searched = True
            link_pending(connection)
            with connection.transaction():
                self._queue.extend(tags_with_pending_columns(connection))

    def _apply_pending(
        self, connection: Connection, tag: str, layouts: Mapping[str, DataflowLayout]
    ) -> None:
        layout = layouts.get(tag)
        if layout is None:  # another process's dataflow: tried once, and left to others
            with connection.transaction():
                layout = load_layout(connection, tag)
        if layout is None or not layout.unfinished:  # somebody else was faster
            return
        if not apply_pending(connection, layout, self._readers, seconds=0.0, quiet=True):
            self._blocked.add(tag)
        elif not layout.unfinished:
            logger.warning("The sets of %r have all their columns now.", tag)
