"""One `fit()` from Keras' side: two callbacks that watch it, and how it ended.

The head stands first in Keras' list of callbacks, so that an epoch is recorded even when a user's
callback raises; the tail stands last, so that it sees the learning rate and the metrics which a
user's callback has set. They have epoch hooks only: a batch hook could force a device
synchronization per batch. Only BATCH_METRICS, when asked for, brings a third one that has.
"""

from __future__ import annotations

import itertools
import time
import weakref
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras

from dfanalyzer_client.file import WRITTEN
from dfanalyzer_client.support.forks import fork_lock, run_in_children

from .._artifacts.callback_files import CallbackFiles
from .._artifacts.model_files import forget_loads
from .._guard import guarded
from .._inspection.fit_call import Facts
from .._inspection.learning_rate import inner_optimizers
from .._inspection.logs import HistoryReader, plain_logs
from .._inspection.optimizers import MAIN, NamedOptimizer
from .._recording.events import Adaptation
from .._recording.execution import Execution, utc_now
from .._recording.outcome import Progress, steps_taken
from .._recording.registry import link_to_parts
from .._recording.training_task import TrainingTask, begin_training
from .._tracking.building import forget_building, is_built, when_built
from .changes import changes_since, configuration_of
from .inputs import OF_BUILT_MODELS, architecture_of, inputs_of, optimizer_rows, values_of
from .rate_watch import RateWatches

__all__ = ["Training"]

BATCHES_AT_ONCE = 256


class _Held(NamedTuple):
    """An epoch that has ended, before the user's callbacks hear of it."""

    epoch: int
    elapsed: float
    measured: dict[Any, Any]
    logs: Mapping[str, Any]


class Training:
    """What is recorded of one `fit()`; `head` and `tail` are Keras callbacks.

    Args:
        execution: where to record.
        model: the model that is fitted.
        arguments: the arguments of `fit`, with its defaults.
    """

    def __init__(self, execution: Execution, model: Any, arguments: Mapping[str, Any]) -> None:
        self._execution = execution
        self._facts = Facts(model, arguments)
        self._task: TrainingTask | None = None
        self._watch: RateWatches | None = None
        self._said: list[NamedOptimizer] = []
        self._samples: Any = None
        self._late: dict[str, Any] | None = None
        self._progress = Progress()
        self._began = self._epoch_began = time.perf_counter()
        self._held: _Held | None = None
        self._history = HistoryReader(arguments.get("callbacks"))
        self._unused: list[Adaptation] = []
        self._batches: list[tuple[str, int, int, dict[str, Any]]] = []
        self._files = CallbackFiles(self._facts.callbacks)
        self._last_batch = -1
        self._swaps_average = any(
            isinstance(each, keras.callbacks.SwapEMAWeights) and each.swap_on_epoch
            for each in self._facts.callbacks
        )
        has_arrays = self._facts.samples is not None
        self.head = _Head(self) if has_arrays else _CountingHead(self)
        self.tail = _BatchTail(self) if execution.consent.choice.every_batch else _Tail(self)
        self._is_here = True
        _trainings.add(self)

    def begin(self) -> None:
        """Record what the training starts from; of a model to be built what is known so far."""
        if not self._is_here:
            return
        consent, model = self._execution.consent, self._facts.model
        loaded = [self._execution.record_loaded([fact]) for fact in forget_loads(model)]
        with guarded("the layers of a model", lost="which executions its parts come from"):
            link_to_parts(model, self._execution)
        values: dict[str, Any] | None = values_of(self._facts, consent)
        rows = inputs_of(self._facts, consent, self._execution.trial)
        if is_built(model):
            rows |= architecture_of(self._facts, consent)
        else:
            self._late = values or {}
            for each in self._waited_for():
                when_built(each, self.optimizer_is_built)
            if OF_BUILT_MODELS & self._late.keys():
                values = None
        self._task = begin_training(
            self._execution, values, rows, [task for tasks in loaded for task in tasks]
        )
        self._progress.steps_before = steps_taken(self._facts.optimizer)
        with guarded("the optimizers of a model", lost="what they are"):
            self._say_optimizers(self._facts.optimizers)
        if consent.adaptation:
            with guarded("the learning rate's watch", lost="changes of the learning rate"):
                self._watch = RateWatches(self._facts)
        if consent.choice.system_seconds:
            with fork_lock():
                from .system_samples import SystemSamples  # here: most trainings need none

            self._samples = SystemSamples(consent.choice.system_seconds, self._task.system_stream())

    def optimizer_is_built(self) -> None:
        """Record what the model consists of, if this was the last of it to be built."""
        if len(self._waited_for()) == 1 or is_built(self._facts.model):
            self.model_is_built()

    def model_is_built(self) -> None:
        """Record what a model consists of that was built after the training had begun."""
        values, self._late = self._late, None
        if values is None or self._task is None:
            return
        consent = self._execution.consent
        values |= values_of(self._facts, consent, OF_BUILT_MODELS)
        rows = architecture_of(self._facts, consent)
        waited = bool(OF_BUILT_MODELS & values.keys())
        if rows or waited:
            self._task.late_inputs(values if waited else None, rows)

    def epoch_begins(self, epoch: int) -> None:
        """Start the clock of an epoch."""
        if self._progress.start_epoch is None:
            self._progress.start_epoch = epoch
        self._execution.epoch, self._last_batch = epoch, -1
        self._epoch_began = time.perf_counter()

    def rate_is_set(self, epoch: int) -> None:
        """Look at the learning rate once the user's callbacks have set it for `epoch`."""
        if self._progress.epochs == 0 and self._task is not None:
            self._compare_with_last_training(epoch)
        self._look(epoch, "epoch begin")

    def batch_ends(self, batch: int, logs: Mapping[str, Any]) -> None:
        """Keep every n-th batch, and record those kept when they are many.

        With `steps_per_execution` Keras tells of some batches alone: each stands for those since.
        """
        every, before, self._last_batch = (
            self._execution.consent.choice.every_batch, self._last_batch, batch,
        )  # fmt: skip
        if (batch + 1) // every > (before + 1) // every:
            self._batches.append((utc_now(), self._execution.epoch or 0, batch, dict(logs)))
        if len(self._batches) >= BATCHES_AT_ONCE:
            self._send_batches()

    def epoch_is_done(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Hold what Keras measured, until the user's callbacks have had their say."""
        elapsed = time.perf_counter() - self._epoch_began
        self._held = _Held(epoch, elapsed, dict(plain_logs(logs)), logs)
        self._count_batches()
        if self._watch is not None:
            self._watch.epoch_is_over()
        self._progress.epochs += 1
        self._progress.next_epoch = epoch + 1
        if self._watch is not None:
            self._watch.meet()

    def epoch_ends(self, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch that is held as Keras' History has it.

        Args:
            logs: as the user's callbacks have left them, and as the History that Keras adds after
                us reads them; None when one of those callbacks raised. The epoch is then what Keras
                measured and what callbacks had put there so far.
        """
        held, self._held = self._held, None
        if held is None or self._task is None:
            return
        self._progress.logs = held.measured
        if logs is None:
            said: Mapping[Any, Any] = {**held.measured, **plain_logs(held.logs)}
        else:
            said = self._history.newest() or plain_logs(logs)
        self._task.epoch(held.epoch, held.elapsed, said, self._rate, held.measured)
        self._say_rates(held.epoch)
        if self._swaps_average and self._watch is not None:
            self._record_average(held.epoch + 1, "SwapEMAWeights")
        if self._batches:
            self._send_batches()
        if self._late is not None:
            self.model_is_built()

    def leave(self) -> None:
        """In a forked child: it is the parent's training, and what is held the parent's to say."""
        self._task = self._watch = self._samples = self._late = None
        self._batches.clear()
        self._is_here = False

    def end(self, error: BaseException | None) -> None:
        """Record how the training ended; one that failed before it began is begun here."""
        if not self._is_here:
            return
        if self._task is None:
            self.begin()
        for each in self._waited_for():
            forget_building(each)
        if error is not None:
            self._count_batches()
        last = (
            self.epoch_ends,
            self.model_is_built,
            self._send_batches,
            self._stop_samples,
            self._record_files,
        )
        for step in last:
            with guarded("the end of a training"):
                step()
        with guarded("the last look at the learning rate", lost="its last change"):
            self._last_look(error)
        if self._task is not None:
            elapsed = time.perf_counter() - self._began
            self._task.end(error, self._progress.outcome(self._facts, elapsed, error))
            self._keep()

    def _count_batches(self) -> None:
        if isinstance(self.head, _CountingHead):
            self._progress.count_batches(self.head.batches())

    @property
    def _rate(self) -> float | None:
        return self._watch.rate if self._watch is not None else None

    def _waited_for(self) -> list[Any]:
        """The optimizers whose building says that the model is built, too."""
        chosen = self._facts.optimizer
        return [each.optimizer for each in self._facts.optimizers] if chosen is None else [chosen]

    def _say_optimizers(self, found: list[NamedOptimizer]) -> None:
        """Say what the optimizers are where there is another than the one of `compile()`."""
        said = {id(each.optimizer) for each in self._said}
        new = [each for each in found if id(each.optimizer) not in said]
        if not new or [each.name for each in found] == [MAIN] or self._task is None:
            return
        self._said += new
        if self._execution.consent.choice.keys:
            self._task.optimizers(optimizer_rows(new, self._facts))

    def _say_rates(self, epoch: int) -> None:
        if self._watch is not None and self._task is not None and self._watch.are_several:
            self._say_optimizers(self._watch.optimizers)
            self._task.rates(epoch, self._watch.rates)

    def _keep(self) -> None:
        """What a next training of this model is compared with, and the model itself."""
        execution = self._execution
        if execution.consent.adaptation and self._progress.start_epoch is not None:
            rates = dict(self._watch.rates) if self._watch is not None else {}
            now = configuration_of(self._facts, self._rate, rates, self._unused)
            execution.configuration = now
        if execution.consent.choice.model and self._progress.epochs:
            with guarded("storing the trained model", lost="the trained model"):
                with fork_lock():
                    from .model_artifact import store_model

                store_model(execution, self._facts.model)

    def _record_files(self) -> None:
        for fact in self._files.written():
            self._execution.record_file(fact, WRITTEN)

    def _stop_samples(self) -> None:
        if self._samples is not None:
            self._samples.stop()

    def _last_look(self, error: BaseException | None) -> None:
        """A change after the last epoch is of a next training, unless this one failed."""
        if self._watch is None:
            return
        for change in self._watch.look(self._progress.next_epoch, "epoch"):
            if error is None and change.epoch == self._progress.next_epoch:
                self._unused.append(change)
            else:
                self._execution.record_adaptation(change)
        self._watch.stop()
        chosen = self._facts.optimizer
        averaged = any(getattr(e, "use_ema", False) for e in inner_optimizers(chosen) or [chosen])
        if averaged and error is None and self._progress.epochs:
            # Optimizer.finalize_variable_values puts the weights' running average in their place
            self._record_average(self._progress.next_epoch, "EMA overwrite")

    def _look(self, epoch: int, when: str) -> None:
        for change in self._watch.look(epoch, when) if self._watch is not None else ():
            self._execution.record_adaptation(change)

    def _record_average(self, epoch: int, cause: str) -> None:
        """Weights and their running average have changed places; the rate is as it was."""
        self._execution.record_adaptation(Adaptation(epoch, self._rate, self._rate, cause))

    def _compare_with_last_training(self, epoch: int) -> None:
        before, self._execution.configuration = self._execution.configuration, None
        if before is not None and self._watch is not None:
            rates = dict(self._watch.rates)
            for change in changes_since(before, self._facts, self._rate, rates, epoch):
                self._execution.record_adaptation(change)

    def _send_batches(self) -> None:
        rows, self._batches = self._batches, []
        if rows and self._task is not None:
            self._task.batches(rows)


_trainings: weakref.WeakSet[Training] = weakref.WeakSet()


def _leave_trainings() -> None:
    for training in list(_trainings):
        training.leave()


run_in_children(_leave_trainings)


class _Head(keras.callbacks.Callback):
    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._training.epoch_begins(epoch)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the end of an epoch", self._training):
            self._training.epoch_is_done(epoch, logs or {})


class _CountingHead(_Head):
    """Counts batches of data whose length nobody knows: a hook that reads nothing.

    Keras may dispatch it asynchronously, in several threads, and decides on that as without us.
    """

    async_safe = True

    def __init__(self, training: Training) -> None:
        super().__init__(training)
        self._counter, self._asked = itertools.count(), 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        next(self._counter)

    def batches(self) -> int:
        """How many there were."""
        self._asked += 1
        return next(self._counter) - self._asked + 1


class _Tail(keras.callbacks.Callback):
    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the beginning of a training", self._training):
            self._training.begin()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the learning rate of an epoch", self._training):
            self._training.rate_is_set(epoch)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the end of an epoch", self._training):
            self._training.epoch_ends({} if logs is None else logs)


class _BatchTail(_Tail):
    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the end of a batch", self._training):
            self._training.batch_ends(batch, logs or {})
