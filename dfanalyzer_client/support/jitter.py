"""How long to wait before another attempt: at random, but not by the program's generator.

tenacity draws its jitter from Python's global generator. In a thread of ours that would give the
program other random numbers, and so other weights, whenever the store is away or another writer is
in the way.
"""

from __future__ import annotations

import random

from tenacity import RetryCallState
from tenacity.wait import wait_exponential

__all__ = ["JitteredWait"]

_random = random.SystemRandom()  # it has no state: forked children do not draw the same


class JitteredWait(wait_exponential):
    """As tenacity's `wait_random_exponential`: anything from `min` to a bound that doubles."""

    def __call__(self, retry_state: RetryCallState) -> float:
        """Seconds before the next attempt."""
        return _random.uniform(self.min, super().__call__(retry_state))
