"""Changes of the learning rate during a training, and who made them.

Any difference between two polls, however small, is a change. Who made it is known when it was
assigned to ``optimizer.learning_rate``, which `patches.learning_rate` reports. When the variable
itself was assigned to, the cause is the one callback that could have done so, else "assignment".
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType
from typing import Any, NamedTuple

import keras
import numpy as np

from .._identity_map import WeakIdentityMap
from .._inspection.learning_rate import is_keras_schedule
from .._inspection.numbers import shortest
from .._notebook.places import place
from .._recording.events import ASSIGNMENT, Adaptation
from .._tracking.attribution import attribution
from .._tracking.frames import batch_before, calling_callback, users_frame
from .able_callbacks import DURING_EPOCH, EPOCH_BEGIN, EPOCH_END, able_callbacks
from .rate_reader import RateReader

__all__ = ["Assignment", "RateWatch", "note_assignment"]

HOOKS = {"epoch begin": EPOCH_BEGIN, "epoch": DURING_EPOCH + EPOCH_END}

_watched: WeakIdentityMap[RateWatch] = WeakIdentityMap()
"""The optimizers in captured trainings, with what polls them."""


class Assignment(NamedTuple):
    """What was assigned to an optimizer's rate, by whom, and after which batch."""

    rate: float | None
    cause: str
    place: str | None
    batch: int | None


class RateWatch:
    """Polls one optimizer's learning rate."""

    def __init__(
        self,
        optimizer: Any,
        model: Any,
        callbacks: Sequence[Any],
        batches_per_epoch: int | None = None,
    ) -> None:
        self._reader = self._new_reader(optimizer, model, callbacks, batches_per_epoch)
        self._callbacks = callbacks
        self._assignments: list[Assignment] = []
        self._during_epoch = 0
        _watched.set(optimizer, self)
        self.rate = self._reader.rate()
        self._schedule = getattr(optimizer, "_learning_rate", None)
        self._polls = 0

    @property
    def optimizer(self) -> Any:
        """The optimizer that is watched."""
        return self._reader.optimizer

    def epoch_is_done(self, batches: int | None = None) -> None:
        """Note which assignments were made during the epoch. No variable is read.

        Args:
            batches: how many batches this training has had so far, if they are counted.
        """
        self._during_epoch = len(self._assignments)
        self._reader.epoch_is_done(batches)

    def assigned(self, assignment: Assignment) -> None:
        """Note that the rate was set."""
        self._assignments.append(assignment)
        self._reader.assigned(assignment.rate)

    def poll(self, epoch: int, when: str) -> list[Adaptation]:
        """The changes since the last poll: every assignment, and any change without one.

        Args:
            epoch: the epoch that begins, or the one after the last.
            when: ``"epoch begin"`` or ``"epoch"``: which hooks may have made the changes. With
                ``"epoch"``, a change during the last epoch belongs to that epoch.
        """
        during_epoch = 0 if when == "epoch begin" else self._during_epoch
        self._during_epoch = 0
        before, self.rate = self.rate, self._reader.rate(at_end=when == "epoch")
        self._polls += 1
        if self.rate == before and not self._assignments:
            return []
        assignments = self._assignments[:]
        self._assignments.clear()
        schedule = getattr(self._reader.optimizer, "_learning_rate", None)
        if is_keras_schedule(schedule) and schedule is self._schedule:
            return self._by_schedule(epoch, before, schedule) if when == "epoch begin" else []
        self._schedule = schedule
        return self._by_assignments(epoch, before, assignments, when, during_epoch)

    def _new_reader(
        self,
        optimizer: Any,
        model: Any,
        callbacks: Sequence[Any],
        batches_per_epoch: int | None,
    ) -> RateReader:
        return RateReader(optimizer, model, callbacks, batches_per_epoch)

    def _by_assignments(
        self,
        epoch: int,
        rate: float | None,
        assignments: Sequence[Assignment],
        when: str,
        during_epoch: int,
    ) -> list[Adaptation]:
        """From the old rate, assignment by assignment, to the new one."""
        found = []
        for number, assignment in enumerate(assignments):
            new = self.rate if assignment is assignments[-1] else assignment.rate
            if new != rate and new is not None:
                _, cause, detail, batch = assignment
                in_last = number < during_epoch or (batch is not None and when == "epoch begin")
                first = epoch - 1 if in_last else epoch
                after = None if batch == -1 else batch  # before the first, all of the epoch
                found.append(Adaptation(first, rate, new, cause, detail, batch=after))
                rate = new
        if rate != self.rate:
            found.append(Adaptation(epoch, rate, self.rate, self._guess_cause(when)))
        return found

    def accept(self) -> None:
        """Take the rate as it is now for known: whoever has set it has recorded that."""
        self._assignments.clear()
        self._during_epoch = 0
        self._reader.assigned(None)
        self.rate = self._reader.rate(at_end=True)
        self._schedule = getattr(self._reader.optimizer, "_learning_rate", None)

    def stop(self) -> None:
        """Stop watching."""
        _watched.pop(self._reader.optimizer)

    def _by_schedule(self, epoch: int, before: float | None, schedule: Any) -> list[Adaptation]:
        """A step of a stepwise schedule. A continuous schedule is a configuration, not a change."""
        stepwise = isinstance(schedule, keras.optimizers.schedules.PiecewiseConstantDecay)
        if stepwise or getattr(schedule, "staircase", False):
            return [Adaptation(epoch, before, self.rate, type(schedule).__name__)]
        return []

    def _guess_cause(self, when: str) -> str:
        hooks = HOOKS[when]
        if when == "epoch begin" and self._polls > 1:  # it may also be of the epoch before
            hooks += HOOKS["epoch"]
        able = able_callbacks(self._callbacks, hooks)
        return type(able[0]).__name__ if len(able) == 1 else ASSIGNMENT


def note_assignment(optimizer: Any, rate: Any, caller: FrameType | None) -> None:
    """Remember who assigned `rate` to an optimizer, if it is watched."""
    watch = _watched.get(optimizer)
    if watch is None:
        return
    plain = isinstance(rate, (float, int, np.number, np.ndarray)) and np.size(rate) == 1
    known = shortest(float(rate)) if plain else None
    ours = attribution()
    if ours is not None:
        watch.assigned(Assignment(known, *ours))
        return
    callback = calling_callback(caller)
    cause = ASSIGNMENT if callback is None else type(callback).__name__
    frame = users_frame(caller)
    is_of_keras = callback is not None and type(callback).__module__.startswith("keras.")
    where = place(frame.f_code.co_filename, frame.f_lineno) if frame and not is_of_keras else None
    watch.assigned(Assignment(known, cause, where, batch_before(caller)))
