"""Which models are being fitted now, and which were while nobody asked for capture."""

from __future__ import annotations

import threading

from ._weak import WeakIdentityMap

__all__ = ["RunningFits", "fits"]


class RunningFits:
    """The models that are being fitted now, and those that were while nobody asked for capture."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: WeakIdentityMap[int] = WeakIdentityMap()
        self._uncaptured: WeakIdentityMap[bool] = WeakIdentityMap()
        self.count = 0

    def begin(self, model: object) -> None:
        """A fit of `model` begins."""
        with self._lock:
            self.count += 1
            self._running.set(model, (self._running.get(model) or 0) + 1)

    def end(self, model: object, *, uncaptured: bool) -> None:
        """A fit of `model` is over, however it ended; `uncaptured` says that it went unseen."""
        with self._lock:
            if uncaptured:
                self._uncaptured.set(model, True)
            self.count -= 1
            left = (self._running.get(model) or 1) - 1
            if left:
                self._running.set(model, left)
            else:
                self._running.pop(model)

    def is_running(self, model: object) -> bool:
        """Whether `model` is inside a fit."""
        return self._running.get(model) is not None

    def went_uncaptured(self, model: object) -> bool:
        """Whether `model` was fitted before anybody asked for capture."""
        return bool(self._uncaptured.get(model))


fits = RunningFits()
"""The fits of this process; the patches tell it of each."""
