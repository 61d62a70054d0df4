"""When what readers or another order of things held up is brought forward, a little at a time."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence

from ..connection import Connection
from ..layout import DataflowLayout, load_layout
from .bring_forward import bring_forward, grown_tags
from .links import link_waiting

__all__ = ["Mending"]

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries of what a reader's open transaction held up."""
STEP_SECONDS = 0.2
"""So long at a time: what was captured meanwhile goes first."""


class Mending:
    """What is left to bring forward in one store, and when it is tried next.

    Args:
        readers: users who may SELECT from what is made.

    Attributes:
        due: when it is time again, by the monotonic clock.
    """

    def __init__(self, readers: Sequence[str]) -> None:
        self._readers = readers
        self._pause, self.due = FIRST_PAUSE, 0.0
        self._has_looked = False
        self._held: set[str] = set()
        self._left: deque[str] = deque()

    def go_on(self, connection: Connection, layouts: Mapping[str, DataflowLayout]) -> float | None:
        """Bring forward some of it, where it is time for it.

        Args:
            connection: to the store.
            layouts: the dataflows that this process stores, by tag.

        Returns:
            In how many seconds it is time again, 0 where more can be done at once; None where
            nothing is left that may mend itself.

        Raises:
            StoreError: it cannot be done now.
        """
        self._look_at_others(connection)
        if not self._left:
            own = [tag for tag, layout in layouts.items() if layout.unfinished]
            own = [tag for tag in own if tag not in self._held]
            if not own:
                self._pause = FIRST_PAUSE
                return None
            if (rest := self.due - time.monotonic()) > 0:
                return rest
            self._left.extend(own)
        until = time.monotonic() + STEP_SECONDS
        while self._left:
            self._bring_forward(connection, self._left.popleft(), layouts)
            if self._left and time.monotonic() >= until:
                return 0.0
        self.due = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return max(0.0, self.due - time.monotonic())

    def forget(self) -> None:
        """The connection is gone: look anew with the next one."""
        self._held.clear()
        self._left.clear()
        self._has_looked = False

    def _look_at_others(self, connection: Connection) -> None:
        """Look, once for a connection, for what other processes could not bring forward."""
        if not self._has_looked:
            self._has_looked = True
            link_waiting(connection)
            with connection.transaction():
                self._left.extend(grown_tags(connection))

    def _bring_forward(
        self, connection: Connection, tag: str, layouts: Mapping[str, DataflowLayout]
    ) -> None:
        layout = layouts.get(tag)
        if layout is None:  # another process': what is held now, others try again
            with connection.transaction():
                layout = load_layout(connection, tag)
        if layout is None or not layout.unfinished:  # somebody else was first
            return
        if not bring_forward(connection, layout, self._readers, seconds=0.0, quiet=True):
            self._held.add(tag)
        elif not layout.unfinished:
            logger.warning("The sets of %r have all their columns now.", tag)
