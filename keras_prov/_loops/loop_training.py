"""What is recorded of a loop: epochs that it reports, batches in between, and its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from dfanalyzer_client.keras_schema import names as tags

from .._guard import guarded
from .._inspection.fit_call import FitCall
from .._inspection.loop_call import LoopCall
from .._recording.execution import Execution
from .._recording.outcome import FINISHED, Progress, reason_of
from .._recording.rows import Row
from .._training.adaptation_recorder import AdaptationRecorder
from .._training.recorded_training import RecordedTraining
from .adaptations import LoopAdaptations
from .batch_means import BatchMeans
from .device_values import detached, numbers_of

__all__ = ["LoopTraining"]


class _LoopProgress(Progress):
    """What is counted of a loop, which ends where it ends."""

    detail: str | None = None

    def outcome(self, fit_call: FitCall, elapsed: float, error: BaseException | None) -> Row:
        row = super().outcome(fit_call, elapsed, error)
        if fit_call.model is None:  # it was deleted before its training was over
            row = {**row, tags.NUM_LAYERS: None}
        return row

    def _reason(self, fit_call: FitCall, error: BaseException | None) -> tuple[str, str | None]:
        if error is not None:
            return reason_of(error), type(error).__name__
        asked = fit_call.arguments.get("epochs")
        if asked and self.next_epoch < asked:
            return FINISHED, f"the loop ended before epoch {self.next_epoch + 1} of {asked}"
        return FINISHED, self.detail

    def _steps(self, fit_call: FitCall) -> int | None:
        return self.batches or super()._steps(fit_call)


class LoopTraining(RecordedTraining):
    """What is recorded of one loop.

    Args:
        execution: where to record.
        call: what the loop trains.
        every_batch: n, of which the metrics of every n-th batch are recorded; 0 for none.
    """

    def __init__(self, execution: Execution, call: LoopCall, every_batch: int) -> None:
        self._counts = _LoopProgress()
        super().__init__(execution, call, every_batch, self._counts)
        self._means = BatchMeans()
        self._rows_of_batches = bool(every_batch)
        self._batch = 0
        self._first_epoch = int(call.arguments.get("initial_epoch") or 0)

    @property
    def execution(self) -> Execution:
        """Where it is recorded."""
        return self._execution

    @property
    def next_epoch(self) -> int:
        """The epoch that runs, counted from 0."""
        return self._progress.next_epoch if self._progress.epochs else self._first_epoch

    @property
    def waiting(self) -> int:
        """How many batches have no row of an epoch yet."""
        return self._means.batches

    def begin(self) -> None:
        """Record what the training starts from; its first epoch begins."""
        super().begin()
        self._adapt_to_last_training()
        self.epoch_begins(self._first_epoch)

    def batch(self, values: Mapping[str, Any]) -> None:
        """Add the values of a batch to the epoch that runs."""
        self._means.add(values)
        self._counts.batches = (self._counts.batches or 0) + 1
        if self._rows_of_batches:
            kept = {name: detached(value) for name, value in values.items()}
            if self._batches.add(self.next_epoch, self._batch, kept):
                self._batches.flush(self._task)
        self._batch += 1

    def aside(self, values: Mapping[str, Any]) -> None:
        """Add values that belong to the epoch, but are of no batch that trains."""
        batches = self._means.batches
        self._means.add(values)
        self._means.batches = batches

    def steps_done(self, count: int) -> None:
        """Say how many batches were trained, of a loop that reports none."""
        self._counts.batches = count

    def epoch(self, values: Mapping[Any, Any]) -> None:
        """Record that an epoch has ended, with these values and the means of its batches."""
        epoch, elapsed = self.next_epoch, time.perf_counter() - self._epoch_began
        logs = {**self._means.take(), **numbers_of(values)}
        adaptations = self._loop_adaptations
        if adaptations is not None:
            adaptations.epoch_runs(epoch)
        self._progress.logs = logs
        self.record_epoch(epoch, elapsed, logs, logs)
        self._progress.epochs += 1
        self._progress.next_epoch = epoch + 1
        self._batch = 0
        self.epoch_begins(epoch + 1)
        if adaptations is not None:
            adaptations.epoch_is_done()
            adaptations.epoch_begins(epoch + 1)

    def end_of_loop(self, error: BaseException | None, detail: str | None = None) -> None:
        """Record how the loop ended; see `end`.

        Args:
            error: what ended it; None if it came to its end.
            detail: what else is to be said of its end.
        """
        self._counts.detail = detail
        if self._fit_call.model is None:
            self._late_values = None  # nobody can read them any more
        self.end(error)

    def rest(self) -> None:
        """Record batches since the last epoch as one more epoch."""
        if self._means.batches and self._is_here:
            self.epoch({})

    def _new_adaptations(self) -> AdaptationRecorder:
        return LoopAdaptations(self._execution, self._fit_call, self._shown.show)

    @property
    def _loop_adaptations(self) -> LoopAdaptations | None:
        found = self._adaptations
        return found if isinstance(found, LoopAdaptations) else None

    def _adapt_to_last_training(self) -> None:
        """Record what was changed since the model was last trained."""
        if self._adaptations is not None:
            with guarded("changes since the last training", self):
                self._adaptations.compare_with_last_training(self._first_epoch)
