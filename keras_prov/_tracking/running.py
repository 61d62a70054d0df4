"""Which models are being fitted, and which were fitted without capture."""

from __future__ import annotations

import threading
from typing import Any

from dfanalyzer_client.support.forks import run_in_children

from .._identity_map import WeakIdentityMap

__all__ = ["CallsOnBatch", "RunningFits", "calls_on_batch", "fits"]


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

    def contain(self, model: object) -> bool:
        """Whether a running fit trains a model that `model` is a layer of."""
        if not self.count:
            return False
        running: list[Any] = self._running.objects()
        return any(layer is model for each in running for layer in each._flatten_layers())

    def went_uncaptured(self, model: object) -> bool:
        """Whether `model` was fitted before capture was asked for."""
        return bool(self._uncaptured.get(model))


fits = RunningFits()
"""The fits of this process, as the patch of `fit` reports them."""

run_in_children(fits.forget_running)


class CallsOnBatch:
    """A block in which Keras trains a model on one batch; `count` says how many are running."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count = max(0, self.count - 1)


calls_on_batch = CallsOnBatch()
"""The calls of `train_on_batch` that are running in this process."""
