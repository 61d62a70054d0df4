"""Metrics of every n-th batch, recorded many at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dfanalyzer_client.support.clock import utc_now

from .._recording.training_task import TrainingTask

__all__ = ["BatchMetrics"]

MAX_QUEUED = 256


class BatchMetrics:
    """A queue of the metrics of batches.

    Args:
        every_batch: n, of which every n-th batch is kept; 0 keeps none.

    Attributes:
        are_kept: whether any is.
    """

    def __init__(self, every_batch: int) -> None:
        self._every = every_batch
        self.are_kept = every_batch > 0
        self._queue: list[tuple[str, int, int, dict[str, Any]]] = []
        self._last_batch = -1

    def epoch_begins(self) -> None:
        """Keras counts batches from 0 again."""
        self._last_batch = -1

    def add(self, epoch: int, batch: int, logs: Mapping[str, Any]) -> bool:
        """Queue every n-th batch; whether the queue is full.

        With `steps_per_execution` Keras reports only some batches. A reported batch then counts for
        all since the previous report.
        """
        before, self._last_batch = self._last_batch, batch
        if (batch + 1) // self._every > (before + 1) // self._every:
            self._queue.append((utc_now(), epoch, batch, dict(logs)))
        return len(self._queue) >= MAX_QUEUED

    def flush(self, task: TrainingTask | None) -> None:
        """Record what is queued; without a task it is dropped."""
        rows, self._queue = self._queue, []
        if rows and task is not None:
            task.batches(rows)
