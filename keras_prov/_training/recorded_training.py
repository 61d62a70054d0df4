"""What is recorded of one training, however it is trained, from its beginning to its end."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dfanalyzer_client.support.forks import fork_lock, run_in_children

from .._continuing.begin import continuation_rows, record_source
from .._guard import guarded
from .._inspection.fit_call import FitCall
from .._recording.execution import Execution
from .._recording.outcome import Progress, steps_taken
from .._recording.registry import link_to_parts
from .._recording.training_task import TrainingTask, begin_training
from .._tracking.building import forget_building, is_built, when_built
from .adaptation_recorder import AdaptationRecorder
from .batch_metrics import BatchMetrics
from .inputs import OF_BUILT_MODELS, architecture_of, inputs_of, values_of
from .loaded_files import loaded_files
from .modifications import record_kept_modifications
from .optimizer_recorder import OptimizerRecorder
from .shown_progress import ShownProgress
from .training_files import TrainingFiles

__all__ = ["RecordedTraining"]


class RecordedTraining:
    """What every training has: inputs, epochs, adaptations, files and an end.

    Args:
        execution: where to record.
        fit_call: what is trained, and how it was asked for.
        every_batch: n, of which the metrics of every n-th batch are recorded; 0 for none.
        progress: what is counted.
    """

    def __init__(
        self,
        execution: Execution,
        fit_call: FitCall,
        every_batch: int,
        progress: Progress | None = None,
    ) -> None:
        self._execution = execution
        self._fit_call = fit_call
        self._task: TrainingTask | None = None
        self._optimizers: OptimizerRecorder | None = None
        self._adaptations: AdaptationRecorder | None = None
        self._samples: Any = None
        self._shown = ShownProgress()
        self._late_values: dict[str, Any] | None = None
        self._progress = Progress() if progress is None else progress
        self._began = self._epoch_began = time.perf_counter()
        self._batches = BatchMetrics(every_batch)
        self._files = TrainingFiles(execution, fit_call)
        self._is_here = True
        _trainings.add(self)

    def begin(self) -> None:
        """Record what the training starts from; if the model is not built, what is known so far."""
        if not self._is_here:
            return
        config, model = self._execution.config, self._fit_call.model
        loaded = [self._execution.record_loaded(loaded_files(self._fit_call.models))]
        with guarded("the layers of a model", lost="which executions its parts come from"):
            link_to_parts(model, self._execution)
        with guarded("enable_lora() and quantize()", model, lost="which layers they have changed"):
            record_kept_modifications(self._execution, model, self._fit_call.models)
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
                self._adaptations = self._new_adaptations()
        if config.choice.system_seconds:
            with fork_lock():
                from .system_samples import SystemSamples  # here: most trainings need none

            self._samples = SystemSamples(config.choice.system_seconds, self._task.system_stream())

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
        if self._batches.are_kept:
            self._batches.epoch_begins()
        self._epoch_began = time.perf_counter()

    def record_epoch(
        self, epoch: int, elapsed: float, logs: Mapping[Any, Any], measured: Iterable[Any]
    ) -> None:
        """Record an epoch, counted from 0, that took `elapsed` seconds.

        Args:
            epoch: the epoch.
            elapsed: how long it took.
            logs: its metrics.
            measured: the names of those that are not of callbacks.
        """
        if self._task is None:
            return
        adaptations = self._adaptations
        if adaptations is None:
            self._task.epoch(epoch, elapsed, logs, None, measured)
        else:
            watches = adaptations.watches
            self._task.epoch(epoch, elapsed, logs, watches.rate, measured)
            if watches.only is None and self._optimizers is not None:
                self._optimizers.record_rates(epoch, watches)
            if adaptations.swaps_average:
                adaptations.epoch_ends(epoch + 1)
        if self._shown.is_on:
            self._shown.epoch(epoch, logs)
        if self._batches.are_kept:
            self._batches.flush(self._task)
        if self._late_values is not None:
            self.model_is_built()

    def detach(self) -> None:
        """In a forked child, record nothing: the training is the parent's."""
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
        for step in self._last_steps(error):
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

    def _last_steps(self, error: BaseException | None) -> list[Callable[[], None]]:
        """What is still to be recorded at the end; each is done, whether or not others fail."""
        return [
            self.model_is_built,
            lambda: self._batches.flush(self._task),
            self._stop_samples,
            self._files.record_written,
        ]

    def _new_adaptations(self) -> AdaptationRecorder:
        return AdaptationRecorder(self._execution, self._fit_call, self._shown.show)

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


_trainings: weakref.WeakSet[RecordedTraining] = weakref.WeakSet()


def _detach_trainings() -> None:
    for training in list(_trainings):
        training.detach()


run_in_children(_detach_trainings)
