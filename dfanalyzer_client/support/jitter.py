"""Random back-off before the next attempt that leaves the program's random generator alone.

tenacity draws its jitter from Python's global generator. In a thread of ours that would change the
program's random numbers, and so its weights, whenever the store is unreachable or another writer
is in the way.
"""

from __future__ import annotations

import random

from tenacity import RetryCallState
from tenacity.wait import wait_exponential

__all__ = ["JitteredWait"]

_random = random.SystemRandom()  # it has no state: forked children do not draw the same


class JitteredWait(wait_exponential):
    """Like tenacity's `wait_random_exponential`: from `min` to a bound that doubles each time."""

    def __call__(self, retry_state: RetryCallState) -> float:
        """Seconds before the next attempt."""
        return _random.uniform(self.min, super().__call__(retry_state))
