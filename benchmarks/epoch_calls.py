"""The time in our code on the training thread, measured around what it does for an epoch."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

__all__ = ["EPOCH_CALLS", "epochs_of", "timed", "timed_for_now"]

EPOCH_CALLS = ("epoch_begins", "rate_is_set", "epoch_is_done", "epoch_ends")
"""The methods of `keras_prov._training.monitor.Training` that are called once for each epoch."""


def timed(owner: Any, *names: str) -> list[float]:
    """Seconds of all calls of these methods, in the order of the calls."""
    found: list[float] = []
    for name in names:
        setattr(owner, name, _measured(getattr(owner, name), found))
    return found


@contextlib.contextmanager
def timed_for_now(owner: Any, *names: str) -> Iterator[list[float]]:
    """The same, until the block ends; what is measured otherwise contains no clock of ours."""
    found: list[float] = []
    methods: dict[str, Any] = {name: _measured(getattr(owner, name), found) for name in names}
    with mock.patch.multiple(owner, **methods):
        yield found


def epochs_of(calls: Sequence[float]) -> list[float]:
    """The sums of the calls in `EPOCH_CALLS`, by epoch.

    The end of a training adds one call, which belongs to no epoch and does not count.
    """
    count = len(EPOCH_CALLS)
    return [sum(calls[at : at + count]) for at in range(0, len(calls) - count + 1, count)]


def _measured(method: Callable[..., Any], found: list[float]) -> Callable[..., Any]:
    def measured(*args: Any) -> Any:
        began = time.perf_counter()
        try:
            return method(*args)
        finally:
            found.append(time.perf_counter() - began)

    return measured
