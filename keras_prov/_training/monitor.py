"""One `fit()` from Keras' side: what its two callbacks report, from its beginning to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dfanalyzer_client.support.forks import fork_lock

from .._guard import guarded
from .._inspection.fit_call import FitCall
from .._inspection.logs import HistoryReader, plain_logs
from .._recording.execution import Execution
from .callbacks import CountingFirstCallback, FirstCallback, last_callback
from .recorded_training import RecordedTraining

if TYPE_CHECKING:
    from .steered_training import SteeredTraining

__all__ = ["Training"]


_EndedEpoch = tuple[int, float, dict[Any, Any], Mapping[str, Any]]
"""An epoch that Keras has ended, while the user's callbacks are still being called for it: its
number, its seconds, what Keras measured, and its `logs`."""


class Training(RecordedTraining):
    """What is recorded of one `fit()`; `first` and `last` are its callbacks.

    Args:
        execution: where to record.
        model: the model that is fitted.
        arguments: the arguments of `fit`, with its defaults.
    """

    def __init__(self, execution: Execution, model: Any, arguments: Mapping[str, Any]) -> None:
        every_batch = execution.config.choice.every_batch
        super().__init__(execution, FitCall(model, arguments), every_batch)
        self._ended_epoch: _EndedEpoch | None = None
        self._history = HistoryReader(arguments.get("callbacks"))
        has_arrays = self._fit_call.samples is not None
        self._counter = None if has_arrays else CountingFirstCallback(self)
        self.first = self._counter or FirstCallback(self)
        self.last = last_callback(
            self, bool(every_batch), execution.config.steering, execution.inbox
        )
        self._steered: SteeredTraining | None = None

    def begin(self) -> None:
        """Record what the training starts from, and let requests to it be answered."""
        super().begin()
        is_steerable = self._is_here and bool(self._execution.config.steering)
        if is_steerable and not self._execution.is_steered:  # an outer fit() may be, already
            self._begin_steering()

    def rate_is_set(self, epoch: int) -> None:
        """Poll the learning rate once the user's callbacks have set it for `epoch`."""
        if self._adaptations is None:
            return
        if self._progress.epochs == 0:
            self._adaptations.compare_with_last_training(epoch)
        self._adaptations.poll(epoch, "epoch begin")

    def batch_ends(self, batch: int, logs: Mapping[str, Any]) -> None:
        """Queue every n-th batch, and record the queue once it is full."""
        if self._batches.add(self._execution.epoch or 0, batch, logs):
            self._batches.flush(self._task)

    def epoch_is_done(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Keep what Keras measured until the user's callbacks have been called, too."""
        elapsed = time.perf_counter() - self._epoch_began
        measured = logs.copy() if type(logs) is dict else dict(plain_logs(logs))
        self._ended_epoch = epoch, elapsed, measured, logs
        progress = self._progress
        if self._counter is not None:
            progress.count_batches(self._counter.batches())
        progress.epochs += 1
        progress.next_epoch = epoch + 1
        if self._adaptations is not None:
            self._adaptations.watches.epoch_is_done(progress.batches)

    def epoch_ends(self, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch that has ended, as Keras' History has it.

        Args:
            logs: as the user's callbacks have left them, and as the History that Keras adds after
                us reads them; None when one of those callbacks raised. The epoch is then what Keras
                measured and what callbacks had added so far.
        """
        ended, self._ended_epoch = self._ended_epoch, None
        if ended is None or self._task is None:
            return
        epoch, elapsed, measured, kept = ended
        self._progress.logs = measured
        if logs is None:
            final: Mapping[Any, Any] = {**measured, **plain_logs(kept)}
        elif type(logs) is dict and not self._history.is_given:
            final = logs
        else:
            final = self._history.newest() or plain_logs(logs)
        self.record_epoch(epoch, elapsed, final, measured)

    def answers_after(self, epoch: int) -> None:
        """Answer the requests that have come until the end of an epoch."""
        if self._steered is not None:
            self._steered.epoch_ends(epoch)

    def answers_before(self, batch: int) -> None:
        """Answer the requests that have come in mid-epoch."""
        if self._steered is not None:
            self._steered.between_steps(batch)

    def detach(self) -> None:
        """In a forked child, record nothing: the training is the parent's."""
        self._steered = None
        super().detach()

    def _last_steps(self, error: BaseException | None) -> list[Callable[[], None]]:
        if error is not None and self._counter is not None:
            self._progress.count_batches(self._counter.batches())
        *steps, files = super()._last_steps(error)
        return [self.epoch_ends, *steps, self._end_steering, files]

    def _begin_steering(self) -> None:
        with guarded("steering", self, lost="what is asked of the training"):
            with fork_lock():
                from .steered_training import SteeredTraining  # here: most trainings need none

            self._steered = SteeredTraining(
                self._execution, self._fit_call, self._progress, self._adaptations, self._shown.show
            )
            self._steered.begin()

    def _end_steering(self) -> None:
        if self._steered is not None:
            self._steered.end()
