"""A training in DfAnalyzer's terms: what it reads, a row for every epoch, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dfanalyzer_client.delivery.row_stream import RowStream
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.support.clock import utc_now
from dfanalyzer_client.task import Task

from .._inspection.numbers import shortest
from .dataflow import keras_set
from .execution import Execution, end_with
from .rows import Row, one_row, rows_of_set
from .trials import Trial, trial_rows

__all__ = ["TrainingTask", "begin_training"]

RATE_IN_LOGS = "learning_rate"
"""What ReduceLROnPlateau, LearningRateScheduler and many custom callbacks add to `logs`."""

FLOATS = frozenset({float})
"""The type of nearly all metrics."""


def begin_training(
    execution: Execution,
    hyperparameters: Mapping[str, Any] | None,
    inputs: Mapping[str, Iterable[Row]],
    dependencies: Sequence[Task] = (),
) -> TrainingTask:
    """Record that a training has begun.

    Args:
        execution: the execution that it belongs to.
        hyperparameters: by key; None if `TrainingTask.late_inputs` will add them.
        inputs: rows of the other sets that it reads, by the set's tag.
        dependencies: the tasks that produced what it starts from.
    """
    task = execution.new_task(tags.TRAINING, [*execution.after_training(), *dependencies])
    if execution.trial is not None:
        execution.declare(tags.TRAINING, keras_set(tags.TRIAL))
    begun = TrainingTask(execution, task)
    begun.add_inputs(hyperparameters, inputs)
    for tag in execution.derived_from:
        task.derive_from(tag)
    execution.derived_from = set()
    task.begin()
    begun.inputs_sent()
    execution.training, execution.modification = task, None
    if execution.trial is not None:
        begun.follow(execution.trial, inputs.get(tags.TRIAL, ()))
    return begun


class TrainingTask:
    """One training while it runs: a row for every epoch, as it ends."""

    def __init__(self, execution: Execution, task: Task) -> None:
        self.execution, self._task = execution, task
        self._logged: tuple[str, ...] | None = None
        self._stream: RowStream | None = None
        self._rates: RowStream | None = None
        self._fresh: dict[str, list[Row]] = {}
        self._known_of_trial: list[Row] = []
        self._columns: tuple[str, ...] = ()
        self._rates_differ = False
        self._began = task.start_time = utc_now()

    def add_inputs(
        self,
        hyperparameters: Mapping[str, Any] | None,
        inputs: Mapping[str, Iterable[Row]],
    ) -> None:
        """Add what the training reads to its next message."""
        if hyperparameters is not None:
            row = self.execution.hyperparameter_row(hyperparameters, self._began)
            self._task.add_dataset(row)
        for tag, rows in inputs.items():
            listed = list(rows)
            source = self.execution.repeated_rows.find(tag, listed)
            if source is not None:
                self._task.reuse(tag, source)
            else:
                self._task.add_dataset(rows_of_set(tag, listed))
                self._fresh[tag] = listed

    def inputs_sent(self) -> None:
        """Note that what was added has been sent: later trainings may refer to it."""
        for tag, rows in self._fresh.items():
            self.execution.repeated_rows.keep(tag, rows, self._task)
        self._fresh = {}

    def late_inputs(
        self,
        hyperparameters: Mapping[str, Any] | None,
        inputs: Mapping[str, Iterable[Row]],
    ) -> None:
        """Record what was not yet known when the training began."""
        self.add_inputs(hyperparameters, inputs)
        self._task.save()
        self.inputs_sent()

    def epoch(
        self,
        epoch: int,
        elapsed: float,
        logs: Mapping[Any, Any],
        rate: float | None,
        keras_keys: Iterable[Any] | None = None,
    ) -> None:
        """Record an epoch, counted from 0, that took `elapsed` seconds.

        The message is made at the first epoch; later epochs with the same metrics fill it in. For
        `keras_keys` see `MetricColumns.row`.
        """
        if RATE_IN_LOGS in logs:
            rate, logs = self._rate_and_logs(rate, logs)
        stream, values = self._stream, list(logs.values())
        if (
            stream is None
            or self._logged != tuple(logs)
            or not FLOATS.issuperset(map(type, values))
        ):
            stream, values = self._stream_and_values(logs, keras_keys)
        rates = (rate,) if self.execution.config.adaptation else ()
        stream.send([utc_now(), elapsed, epoch, *rates, *values])

    def _stream_and_values(
        self, logs: Mapping[Any, Any], keras_keys: Iterable[Any] | None
    ) -> tuple[RowStream, list[Any]]:
        """The stream, with any new columns, and a value for each of its columns.

        It has the columns of all epochs, so that their rows are stored in the order of the epochs.
        """
        row = self.execution.metrics.row(
            tags.TRAINING, tags.TRAINING_OUTPUT, logs, keras_keys=keras_keys
        )
        columns = tuple(dict.fromkeys([*self._columns, *row]))
        stream = self._stream
        if stream is None or self._columns != columns:
            stream, self._columns = self._stream_of(columns), columns
        self._stream = stream
        self._send_names()
        is_plain = tuple(row) == columns and FLOATS.issuperset(map(type, logs.values()))
        self._logged = tuple(logs) if is_plain else None
        return stream, [row.get(name) for name in columns]

    def optimizers(self, rows: Iterable[Row]) -> None:
        """Record the optimizers of a model that has several."""
        self.execution.declare(tags.TRAINING, keras_set(tags.OPTIMIZERS))
        self.late_inputs(None, {tags.OPTIMIZERS: rows})

    def rates(self, epoch: int, rates: Sequence[tuple[str, float | None]]) -> None:
        """Record the rates of several optimizers in an epoch."""
        if self._rates is None:
            self.execution.declare(tags.TRAINING, keras_set(tags.OPTIMIZER_RATES))
            columns = (tags.EPOCH_ID, tags.OPTIMIZER_ATTRIBUTE, tags.LEARNING_RATE)
            self._rates = self._task.stream(tags.OPTIMIZER_RATES, columns)
        for name, rate in rates:
            self._rates.send([epoch, name, rate])

    def _rate_and_logs(
        self, rate: float | None, logs: Mapping[Any, Any]
    ) -> tuple[float | None, Mapping[Any, Any]]:
        """The value of our column ``learning_rate``, and `logs` without a rate that is equal to it.

        If our rate cannot be read, as with a custom schedule, the logged rate takes its place. Once
        the two have differed, both are kept.
        """
        logged = logs[RATE_IN_LOGS]
        if not self.execution.config.adaptation or self._rates_differ or type(logged) is not float:
            return rate, logs
        if rate is not None and logged != rate and shortest(logged) != rate:
            self._rates_differ = True
            return rate, logs
        others = {key: value for key, value in logs.items() if key != RATE_IN_LOGS}
        return (logged if rate is None else rate), others

    def _send_names(self) -> bool:
        """Send the names of metrics whose attributes have other names; whether there are any."""
        names = self.execution.metrics.renamed(tags.TRAINING)
        for dataset in names:
            self._task.add_dataset(dataset)
        if names:
            self._task.save()
        return bool(names)

    def batches(self, rows: Sequence[tuple[str, int, int, Mapping[str, Any]]]) -> None:
        """Record batches: when they ended, epoch, batch, and what Keras measured."""
        for stamp, epoch, batch, logs in rows:
            metrics = self.execution.metrics.row(tags.TRAINING, tags.BATCHES, logs)
            position = {tags.BATCH_ENDED: stamp, tags.EPOCH_ID: epoch, tags.BATCH_ID: batch}
            self._task.add_dataset(one_row(tags.BATCHES, {**position, **metrics}))
        if not self._send_names():
            self._task.save()

    def system_stream(self) -> RowStream:
        """The stream for samples of the system; the sampler's thread sends to it."""
        return self._task.stream(tags.SYSTEM_METRICS, SETS[tags.SYSTEM_METRICS].names)

    def follow(self, trial: Trial, known: Iterable[Row]) -> None:
        """Record the end of `trial` when it comes; its rows in `known` have been sent."""
        self._known_of_trial = list(known)
        trial.trainings.append(self._trial_has_ended)

    def _trial_has_ended(self, trial: Trial, outcome: Iterable[Row]) -> None:
        """Record how the trial ended, and what it chose after the training had begun."""
        self.execution.declare(tags.TRAINING, keras_set(tags.TRIAL_END))
        chosen = [row for row in trial_rows(trial) if row not in self._known_of_trial]
        late = {tags.TRIAL: chosen} if trial.parameters and chosen else {}
        self.late_inputs(None, {**late, tags.TRIAL_END: outcome})

    def end(self, error: BaseException | None, outcome: Row) -> None:
        """Record how the training ended: finished, interrupted, or failed with `error`."""
        self._task.add_dataset(rows_of_set(tags.TRAINING_END, [{tags.ENDED: utc_now(), **outcome}]))
        end_with(self._task, error)

    def _stream_of(self, metrics: Iterable[str]) -> RowStream:
        names = [tags.EPOCH_ENDED, tags.ELAPSED_TIME, tags.EPOCH_ID]
        if self.execution.config.adaptation:
            names.append(tags.LEARNING_RATE)
        return self._task.stream(tags.TRAINING_OUTPUT, [*names, *metrics])
