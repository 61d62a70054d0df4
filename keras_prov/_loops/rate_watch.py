"""The learning rate of one optimizer in a loop of the user's.

Only where an epoch ends is known, so the rate is read there: it is the one that the epoch's last
step had, unless it was assigned after that step. Then it is of the next epoch. A schedule's rate is
that of the epoch's first step, as in `fit()`.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from .._inspection.learning_rate import is_keras_schedule, learning_rate
from .._recording.events import Adaptation
from .._recording.outcome import steps_taken
from .._tracking.stateless import has_state
from .._training.rate_reader import RateReader
from .._training.rate_watch import Assignment, RateWatch

__all__ = ["EPOCH_BEGINS", "EPOCH_RUNS", "LoopRateWatch"]

EPOCH_BEGINS, EPOCH_RUNS, LOOP_ENDS = "epoch begin", "loop epoch", "epoch"


class _WeakReader(RateReader):
    """Reads the rate each time; does not keep the optimizer alive."""

    def __init__(self, optimizer: Any) -> None:
        self._reference = weakref.ref(optimizer)
        self._first_step = steps_taken(optimizer)
        self._epochs = 0

    @property
    def optimizer(self) -> Any:
        return self._reference()

    def rate(self, *, at_end: bool = False) -> float | None:
        optimizer = self.optimizer
        if optimizer is None or (self._is_stale(optimizer) and not has_state(optimizer)):
            return None
        return learning_rate(optimizer)

    def epoch_is_done(self, batches: int | None) -> None:
        self._epochs += 1

    def assigned(self, rate: float | None) -> None:
        pass

    def _is_stale(self, optimizer: Any) -> bool:
        """Whether a schedule's step is not known: a loop of JAX counts steps in its own state."""
        if not self._epochs or not is_keras_schedule(getattr(optimizer, "_learning_rate", None)):
            return False
        return steps_taken(optimizer) == self._first_step


class LoopRateWatch(RateWatch):
    """Polls one optimizer's rate where an epoch ends, and a schedule's where one begins."""

    def __init__(
        self,
        optimizer: Any,
        model: Any,
        callbacks: Sequence[Any],
        batches_per_epoch: int | None = None,
    ) -> None:
        super().__init__(optimizer, model, callbacks, batches_per_epoch)
        self._first_step = steps_taken(optimizer)
        self._steps_before: list[int | None] = []

    def assigned(self, assignment: Assignment) -> None:
        super().assigned(assignment)
        self._steps_before.append(steps_taken(self.optimizer))

    def epoch_is_done(self, batches: int | None = None) -> None:
        """Note that an epoch is recorded; what was assigned after its steps is of the next one."""
        self._reader.epoch_is_done(batches)

    def poll(self, epoch: int, when: str) -> list[Adaptation]:
        """The changes since the last poll; see `RateWatch.poll`.

        Args:
            epoch: the epoch that begins, or ends.
            when: which of these, or that the loop has ended.
        """
        optimizer = self.optimizer
        scheduled = is_keras_schedule(getattr(optimizer, "_learning_rate", None))
        was_scheduled = is_keras_schedule(self._schedule)
        if optimizer is None:
            return []
        if when == EPOCH_BEGINS:
            return super().poll(epoch, when) if scheduled and was_scheduled else []
        if scheduled and was_scheduled and when == EPOCH_RUNS:
            return []
        if when == LOOP_ENDS:
            return super().poll(epoch, LOOP_ENDS)
        return self._poll_until_last_step(epoch)

    def _poll_until_last_step(self, epoch: int) -> list[Adaptation]:
        """The changes that the epoch's steps have seen; later ones wait for the next poll."""
        steps, self._steps_before = self._steps_before, []
        last = steps_taken(self.optimizer) if steps else None
        if last is None or last == self._first_step or last not in steps:
            return super().poll(epoch, LOOP_ENDS)
        seen = steps.index(last)
        later, self._assignments = self._assignments[seen:], self._assignments[:seen]
        current = self._assignments[-1].rate if self._assignments else self.rate
        rate, self.rate = self.rate, current
        self._polls += 1
        found = self._by_assignments(epoch, rate, self._assignments, LOOP_ENDS, 0)
        self._assignments, self._steps_before = later, steps[seen:]
        return found
