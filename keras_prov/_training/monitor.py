"""One `fit()` from Keras' side: what its two callbacks report, from its beginning to its end."""

from __future__ import annotations

import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dfanalyzer_client.support.forks import fork_lock, run_in_children

from .._artifacts.model_files import forget_loads
from .._continuing.begin import continuation_rows, record_source
from .._guard import guarded
from .._inspection.fit_call import FitCall
from .._inspection.logs import HistoryReader, plain_logs
from .._recording.execution import Execution
from .._recording.outcome import Progress, steps_taken
from .._recording.registry import link_to_parts
from .._recording.training_task import TrainingTask, begin_training
from .._tracking.building import forget_building, is_built, when_built
from .adaptation_recorder import AdaptationRecorder
from .batch_metrics import BatchMetrics
from .callbacks import CountingFirstCallback, FirstCallback, last_callback
from .inputs import OF_BUILT_MODELS, architecture_of, inputs_of, values_of
from .optimizer_recorder import OptimizerRecorder
from .shown_progress import ShownProgress
from .training_files import TrainingFiles

if TYPE_CHECKING:
    from .steered_training import SteeredTraining

__all__ = ["Training"]


class _EndedEpoch(NamedTuple):
    """An epoch that Keras has ended, while the user's callbacks are still being called for it."""

    epoch: int
    elapsed: float
    measured: dict[Any, Any]
    logs: Mapping[str, Any]


class Training:
    """What is recorded of one `fit()`; `first` and `last` are its callbacks.

    Args:
        execution: where to record.
        model: the model that is fitted.
        arguments: the arguments of `fit`, with its defaults.
    """

    def __init__(self, execution: Execution, model: Any, arguments: Mapping[str, Any]) -> None:
        every_batch = execution.config.choice.every_batch
        self._execution = execution
        self._fit_call = FitCall(model, arguments)
        self._task: TrainingTask | None = None
        self._optimizers: OptimizerRecorder | None = None
        self._adaptations: AdaptationRecorder | None = None
        self._samples: Any = None
        self._shown = ShownProgress()
        self._late_values: dict[str, Any] | None = None
        self._progress = Progress()
        self._began = self._epoch_began = time.perf_counter()
        self._ended_epoch: _EndedEpoch | None = None
        self._history = HistoryReader(arguments.get("callbacks"))
        self._batches = BatchMetrics(every_batch)
        self._files = TrainingFiles(execution, self._fit_call)
        has_arrays = self._fit_call.samples is not None
        self.first = FirstCallback(self) if has_arrays else CountingFirstCallback(self)
        self.last = last_callback(
            self, bool(every_batch), execution.config.steering, execution.inbox
        )
        self._steered: SteeredTraining | None = None
        self._is_here = True
        _trainings.add(self)

    def begin(self) -> None:
        """Record what the training starts from; if the model is not built, what is known so far."""
        if not self._is_here:
            return
        config, model = self._execution.config, self._fit_call.model
        loaded = [self._execution.record_loaded([fact]) for fact in forget_loads(model)]
        with guarded("the layers of a model", lost="which executions its parts come from"):
            link_to_parts(model, self._execution)
        values: dict[str, Any] | None = values_of(self._fit_call, config)
        rows = inputs_of(self._fit_call, config, self._execution.trial)
        with guarded("continue_from()", model, lost="which file its weights come from"):
            loaded.append(record_source(self._execution))
        if is_built(model):
            rows |= architecture_of(self._fit_call, config)
            rows |= continuation_rows(self._execution, model, values or {})
        else:
            self._late_values = values or {}
            for optimizer in self._deciding_optimizers():
                when_built(optimizer, self.optimizer_is_built)
            if OF_BUILT_MODELS & self._late_values.keys():
                values = None
        self._task = begin_training(
            self._execution, values, rows, [task for tasks in loaded for task in tasks]
        )
        self._progress.steps_before = steps_taken(self._fit_call.optimizer)
        if config.progress:
            self._shown.begin(config.dataflow_tag, self._fit_call.arguments)
        with guarded("the optimizers of a model", lost="what they are"):
            self._optimizers = OptimizerRecorder(
                self._task, self._fit_call, bool(config.choice.keys)
            )
            self._optimizers.record(self._fit_call.optimizers)
        if config.adaptation:
            with guarded("watching the learning rate", lost="changes of the learning rate"):
                self._adaptations = AdaptationRecorder(
                    self._execution, self._fit_call, self._shown.show
                )
        if config.choice.system_seconds:
            with fork_lock():
                from .system_samples import SystemSamples  # here: most trainings need none

            self._samples = SystemSamples(config.choice.system_seconds, self._task.system_stream())
        if config.steering and not self._execution.is_steered:  # an outer fit() may be, already
            self._begin_steering()

    def optimizer_is_built(self) -> None:
        """Record what the model consists of, if all of it is built now."""
        if len(self._deciding_optimizers()) == 1 or is_built(self._fit_call.model):
            self.model_is_built()

    def model_is_built(self) -> None:
        """Record what the model consists of, as it was built after the training had begun."""
        values, self._late_values = self._late_values, None
        if values is None or self._task is None:
            return
        config = self._execution.config
        values |= values_of(self._fit_call, config, OF_BUILT_MODELS)
        rows = architecture_of(self._fit_call, config)
        rows |= continuation_rows(self._execution, self._fit_call.model, values)
        waited = bool(OF_BUILT_MODELS & values.keys())
        if rows or waited:
            self._task.late_inputs(values if waited else None, rows)

    def epoch_begins(self, epoch: int) -> None:
        """Start the clock of an epoch."""
        if self._progress.start_epoch is None:
            self._progress.start_epoch = epoch
        self._execution.epoch = epoch
        self._batches.epoch_begins()
        self._epoch_began = time.perf_counter()

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
        self._ended_epoch = _EndedEpoch(epoch, elapsed, dict(plain_logs(logs)), logs)
        self._count_batches()
        self._progress.epochs += 1
        self._progress.next_epoch = epoch + 1
        if self._adaptations is not None:
            self._adaptations.epoch_is_done(self._progress.batches)

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
        self._progress.logs = ended.measured
        if logs is None:
            final: Mapping[Any, Any] = {**ended.measured, **plain_logs(ended.logs)}
        else:
            final = self._history.newest() or plain_logs(logs)
        rate = self._adaptations.rate if self._adaptations is not None else None
        self._task.epoch(ended.epoch, ended.elapsed, final, rate, ended.measured)
        self._shown.epoch(ended.epoch, final)
        if self._adaptations is not None:
            if self._optimizers is not None:
                self._optimizers.record_rates(ended.epoch, self._adaptations.watches)
            self._adaptations.epoch_ends(ended.epoch + 1)
        self._batches.flush(self._task)
        if self._late_values is not None:
            self.model_is_built()

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
        self._task = self._optimizers = self._adaptations = self._samples = None
        self._shown.detach()
        self._late_values = None
        self._batches.flush(None)
        self._is_here = False

    def end(self, error: BaseException | None) -> None:
        """Record how the training ended; one that failed before it began is begun here."""
        if not self._is_here:
            return
        if self._task is None:
            self.begin()
        for optimizer in self._deciding_optimizers():
            forget_building(optimizer)
        if error is not None:
            self._count_batches()
        steps = (
            self.epoch_ends,
            self.model_is_built,
            lambda: self._batches.flush(self._task),
            self._stop_samples,
            self._end_steering,
            self._files.record_written,
        )
        for step in steps:
            with guarded("the end of a training"):
                step()
        with guarded("the last poll of the learning rate", lost="its last change"):
            if self._adaptations is not None:
                self._adaptations.last_poll(self._progress, error)
        if self._task is not None:
            elapsed = time.perf_counter() - self._began
            outcome = self._progress.outcome(self._fit_call, elapsed, error)
            self._task.end(error, outcome)
            self._shown.end(outcome)
            self._keep_configuration()
            if self._progress.epochs:
                self._files.store_model()

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

    def _count_batches(self) -> None:
        if isinstance(self.first, CountingFirstCallback):
            self._progress.count_batches(self.first.batches())

    def _deciding_optimizers(self) -> list[Any]:
        """The optimizers that are built together with the model."""
        chosen = self._fit_call.optimizer
        if chosen is not None:
            return [chosen]
        return [named.optimizer for named in self._fit_call.optimizers]

    def _keep_configuration(self) -> None:
        """Keep what the next training of this model is compared with."""
        if self._adaptations is not None and self._progress.start_epoch is not None:
            self._execution.configuration = self._adaptations.configuration()

    def _stop_samples(self) -> None:
        if self._samples is not None:
            self._samples.stop()


_trainings: weakref.WeakSet[Training] = weakref.WeakSet()


def _detach_trainings() -> None:
    for training in list(_trainings):
        training.detach()


run_in_children(_detach_trainings)
