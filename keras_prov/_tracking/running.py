"""Which models are being fitted, and which were fitted without capture."""

from __future__ import annotations

import threading

from dfanalyzer_client.support.forks import run_in_children

from .._identity_map import WeakIdentityMap

__all__ = ["RunningFits", "fits"]


class RunningFits:
    """The models that are being fitted, and those that were fitted without capture."""

    def __init__(self) -> None:
        self._uncaptured: WeakIdentityMap[bool] = WeakIdentityMap()
        self.forget_running()

    def forget_running(self) -> None:
        """In a forked child, where the parent's fits do not run."""
        self._lock = threading.Lock()
        self._running: WeakIdentityMap[int] = WeakIdentityMap()
        self.count = 0

    def begin(self, model: object) -> None:
        """A fit of `model` begins."""
        with self._lock:
            self.count += 1
            self._running.set(model, (self._running.get(model) or 0) + 1)

    def end(self, model: object, *, uncaptured: bool) -> None:
        """A fit of `model` has ended, perhaps with an error; `uncaptured` if not captured."""
        with self._lock:
            if uncaptured:
                self._uncaptured.set(model, True)
            self.count = max(0, self.count - 1)  # a forked child may end a fit of its parent
            left = (self._running.get(model) or 1) - 1
            if left:
                self._running.set(model, left)
            else:
                self._running.pop(model)

    def is_running(self, model: object) -> bool:
        """Whether a fit of `model` is running."""
        return self._running.get(model) is not None

    def went_uncaptured(self, model: object) -> bool:
        """Whether `model` was fitted before capture was asked for."""
        return bool(self._uncaptured.get(model))


fits = RunningFits()
"""The fits of this process, as the patch of `fit` reports them."""

run_in_children(fits.forget_running)
