"""Say how far a step of an upgrade is, if it takes long."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Progress"]

SECONDS = 5.0


class Progress:
    """How much of one step is done, said every few seconds.

    Args:
        say: prints or logs a text.
        seconds: how long to wait before the first text, and between two.
    """

    def __init__(self, say: Callable[[str], object], seconds: float = SECONDS) -> None:
        self._say = say
        self._seconds = seconds
        self._last = time.monotonic()

    def done(self, step: str, share: float) -> None:
        """A share of a step, from 0 to 1, is done."""
        now = time.monotonic()
        if share < 1 and now - self._last >= self._seconds:
            self._last = now
            self._say(f"{step}: {share:.0%} done")
