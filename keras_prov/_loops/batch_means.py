"""Means over the batches of an epoch, without waiting for a device at each batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .device_values import detached, is_on_device, read_together

__all__ = ["BatchMeans"]

MAX_WAITING = 1024
"""Values that stay on a device until an epoch ends; more are read together before."""


class BatchMeans:
    """The mean of each metric since the last `take()`; of what is no number, the last value."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._others: dict[str, Any] = {}
        self._waiting: list[tuple[str, Any]] = []
        self.batches = 0

    def add(self, values: Mapping[str, Any]) -> None:
        """Add the values of a batch; those on a device are kept there."""
        self.batches += 1
        for name, value in values.items():
            if isinstance(value, (float, int, np.number)):
                self._count(name, float(value))
            elif is_on_device(value):
                self._counts.setdefault(name, 0)
                self._waiting.append((name, detached(value)))
            elif isinstance(value, np.ndarray) and value.size == 1:
                self._count(name, float(value.reshape(())))
            else:
                self._others[name] = value
        if len(self._waiting) >= MAX_WAITING:
            self._read()

    def take(self) -> dict[str, Any]:
        """The means, which begin anew."""
        self._read()
        means: dict[str, Any] = {
            name: self._sums.get(name, 0.0) / count for name, count in self._counts.items() if count
        }
        means.update(self._others)
        self._sums, self._counts, self._others, self.batches = {}, {}, {}, 0
        return means

    def _read(self) -> None:
        waiting, self._waiting = self._waiting, []
        numbers = read_together([value for _, value in waiting])
        for (name, _), number in zip(waiting, numbers, strict=True):
            self._count(name, number)

    def _count(self, name: str, number: float) -> None:
        self._sums[name] = self._sums.get(name, 0.0) + number
        self._counts[name] = self._counts.get(name, 0) + 1
