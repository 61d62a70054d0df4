"""What steering may do to a training, and how that is recorded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import keras

from .._inspection.fit_call import FitCall
from .._recording.events import Adaptation
from .._recording.execution import Execution
from .._recording.outcome import Progress
from .._steering.moment import Moment
from .._steering.steering import Steering

if TYPE_CHECKING:
    from .._steering.setting import Changing
    from .adaptation_recorder import AdaptationRecorder

__all__ = ["SteeredTraining"]


class SteeredTraining:
    """Brings one training and the requests to it together.

    Args:
        execution: where to record.
        fit_call: the model that is fitted and the arguments of `fit`.
        progress: what is counted of the training.
        adaptations: what watches its learning rates, if anything does.
        show: is called with each adaptation, if given.
    """

    def __init__(
        self,
        execution: Execution,
        fit_call: FitCall,
        progress: Progress,
        adaptations: AdaptationRecorder | None,
        show: Callable[[Adaptation], object] | None,
    ) -> None:
        self._execution, self._fit_call, self._progress = execution, fit_call, progress
        self._adaptations, self._show = adaptations, show
        self._steering = Steering(execution, fit_call, self)
        execution.is_steered = True

    @property
    def changing(self) -> Changing:
        """Surrounds assignments to optimizers, so that the watch does not take them for others'."""
        if self._adaptations is None:
            return lambda optimizers, epoch: nullcontext()
        return self._adaptations.changing

    def record_adaptation(self, adaptation: Adaptation) -> None:
        """Record a change, and show it."""
        self._execution.record_adaptation(adaptation)
        if self._show is not None:
            self._show(adaptation)

    def stops(self, who: str) -> None:
        """Note who has stopped the training, unless it was stopping already."""
        if not getattr(self._fit_call.model, "stop_training", False):
            self._progress.steered = who

    def begin(self) -> None:
        """The training begins; no epoch has."""
        self._steering.begin(self._first_epoch())

    def epoch_ends(self, epoch: int) -> None:
        """An epoch has ended, and all callbacks have been called for that."""
        is_last = epoch + 1 >= self._epochs()
        self._steering.answer(Moment(epoch, None, epoch + 1, is_last))

    def between_steps(self, batch: int) -> None:
        """A step is about to begin, at this batch of the epoch."""
        epoch = self._execution.epoch
        if batch and epoch is not None:  # the first one's requests were answered before it
            self._steering.answer(Moment(epoch, batch - 1, epoch))

    def end(self) -> None:
        """The training has ended."""
        self._execution.is_steered = False
        done = self._progress.next_epoch
        self._steering.end(Moment(done - 1 if self._progress.epochs else None, None, done, True))

    def _first_epoch(self) -> int:
        resumed: Any = getattr(self._fit_call.model, "_initial_epoch", None)
        return int(resumed or self._fit_call.arguments.get("initial_epoch") or 0)

    def _epochs(self) -> int:
        asked = int(self._fit_call.arguments.get("epochs") or 0)
        limit: int | None = getattr(keras.config, "max_epochs", lambda: None)()
        return min(asked, limit) if limit else asked
