"""One execution in DfAnalyzer's terms: its tasks as they begin and end, and their rows.

Knows no patching and no SQL, and of Keras only its words: epoch, metric, learning rate.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import dfanalyzer_client.keras_schema as tags
from dfanalyzer_client.attribute import Attribute
from dfanalyzer_client.attribute_type import AttributeType
from dfanalyzer_client.dataset import DataSet
from dfanalyzer_client.delivery.row_stream import RowStream
from dfanalyzer_client.file import READ, WRITTEN, File
from dfanalyzer_client.masking import captured_text, masked_place
from dfanalyzer_client.set import Set
from dfanalyzer_client.set_type import SetType
from dfanalyzer_client.task import Task
from dfanalyzer_client.task_status import TaskStatus
from dfanalyzer_client.transformation import Transformation

from .._artifacts.model_files import FileFact
from .._capture.config import CaptureConfig as Consent
from .._inspection.hyperparameters import KNOWN
from .._inspection.logs import Part, in_order_of_claim, kept_names, parts_of
from .._inspection.numbers import shortest
from .dataflow import COLUMNS, dataflow_of, file_transformation, hyperparameter_set, own_set
from .events import Adaptation, Configuration
from .metrics import attribute_name, renamed
from .repeated_rows import Said
from .rows import one_row, rows_of_set
from .trials import Trial, is_pruning, trial_rows

__all__ = ["Execution", "TrainingTask", "utc_now"]

RATE_IN_LOGS = "learning_rate"
"""What ReduceLROnPlateau, LearningRateScheduler and many a user's callback add to `logs`."""


class Execution:
    """One run of a dataflow: a `fit()` and what follows, with the user's own tasks beside it.

    Attributes:
        consent: what the user asked for.
        trial: the trial of a study that it is, if any.
        process: the process that tells of it; a forked child begins executions of its own.
        dataflow: what `model.get_dataflow()` gives, to add transformations of the domain to.
        training: the newest training task, which tests and adaptations depend on.
        epoch: the newest epoch that was begun, counted from 0.
        configuration: what the training before ended with.
        steps_before: what the optimizer had counted when capture was asked for; None if unknown.
        tested: whether a test was recorded.
        derived_from: tags of the executions whose models this one goes on with.
        tasks: how many tasks this process has said, of all executions.
        said: what its trainings have said that may stay as it is from one to the next.
    """

    tasks: ClassVar[int] = 0

    def __init__(self, consent: Consent, trial: Trial | None = None) -> None:
        self.consent, self.trial = consent, trial
        self.process = os.getpid()
        self.dataflow = dataflow_of(consent)
        self.training: Task | None = None
        self.epoch: int | None = None
        self.derived_from: set[str] = set()
        self.configuration: Configuration | None = None
        self.steps_before: int | None = None
        self.tested = False
        self.said = Said()
        self._counts: dict[str, int] = {}
        self._metrics: dict[str, dict[Part, str]] = {}
        self._renamed: dict[str, list[Sequence[str]]] = {}
        self._with_names: set[str] = set()

    @property
    def tag(self) -> str:
        """The tag that names this run."""
        return self.dataflow.exec_tag

    def begin_training(
        self,
        hyperparameters: Mapping[str, Any] | None,
        inputs: Mapping[str, Iterable[Sequence[Any]]],
        dependencies: Sequence[Task] = (),
    ) -> TrainingTask:
        """Say that a training runs.

        Args:
            hyperparameters: by key; None where `TrainingTask.inputs` gives them later.
            inputs: rows of the other sets that it reads, by the set's tag.
            dependencies: the tasks that brought what it starts from.
        """
        before = [] if self.training is None else [self.training]
        task = self._task(tags.TRAINING, [*before, *dependencies])
        if self.trial is not None:
            self.declare(tags.TRAINING, own_set(tags.TRIAL, SetType.INPUT))
        begun = TrainingTask(self, task)
        begun.add_inputs(hyperparameters, inputs)
        for tag in self.derived_from:
            task.derive_from(tag)
        self.derived_from = set()
        task.begin()
        begun.was_said()
        self.training = task
        if self.trial is not None:
            begun.follow(self.trial, inputs.get(tags.TRIAL, ()))
        return begun

    def record_test(
        self,
        logs: Mapping[str, Any],
        began: str,
        data: Iterable[Sequence[Any]],
        own: Iterable[Any] | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what an `evaluate()` measured, on which data; for `own` see `metric_row`.

        `hyperparameters` are given where no training has said them.
        """
        task = self._task(tags.TESTING, self._after_training())
        if hyperparameters is not None:
            self.declare(tags.TESTING, hyperparameter_set(self.consent))
            task.add_dataset(self.hyperparameter_row(hyperparameters, began))
        metrics = self.metric_row(
            tags.TESTING, tags.TESTING_OUTPUT, logs, tags.TEST_METRIC_PREFIX, own
        )
        task.add_dataset(one_row(tags.TESTING_OUTPUT, {tags.TESTED: utc_now(), **metrics}))
        if self.consent.choice.dataset:
            task.add_dataset(rows_of_set(tags.TESTING_DATASET, data))
        for names in self.renamed_metrics(tags.TESTING):
            task.add_dataset(names)
        task.start_time = began
        task.end()

    def record_adaptation(self, adaptation: Adaptation) -> None:
        """Say that the configuration is another from an epoch on."""
        task = self._task(tags.ADAPTATION, self._after_training())
        task.start_time = utc_now()
        values = (
            adaptation.new_rate, task.start_time, adaptation.epoch, task.id,
            adaptation.old_rate, adaptation.cause, adaptation.detail, adaptation.optimizer,
        )  # fmt: skip
        task.add_dataset(rows_of_set(tags.ADAPTATION_OUTPUT, [values]))
        task.end()

    def record_file(self, fact: FileFact, mode: str) -> Task:
        """Say that a file with the model or its weights was written or read."""
        transformation = tags.SAVING if mode == WRITTEN else tags.LOADING
        if transformation not in self._counts:
            self.dataflow.add_transformation(file_transformation(transformation))
        after = self._after_training() if mode == WRITTEN else []
        task = self._task(transformation, after)
        task.start_time = utc_now()
        values = (
            task.start_time,
            fact.path,
            fact.kind,
            fact.size,
            fact.sha256,
            fact.callback,
            self.epoch if fact.epoch is None else fact.epoch,
        )
        tag = tags.SAVED_FILE if mode == WRITTEN else tags.LOADED_FILE
        task.add_dataset(rows_of_set(tag, [values]))
        task.add_file(_file(fact, mode))
        task.end()
        return task

    def record_script(
        self,
        script: FileFact,
        began: str,
        environment: Iterable[Sequence[Any]],
        error: BaseException | str | None,
    ) -> None:
        """Say that a program ran in which no training and no test was seen."""
        sets = [own_set(tags.ENVIRONMENT, SetType.INPUT)] if self.consent.choice.environment else []
        self.dataflow.add_transformation(Transformation(tags.SCRIPT, sets))
        task = self._task(tags.SCRIPT, [])
        task.start_time = began
        task.add_file(_file(script, READ))
        if sets:
            task.add_dataset(rows_of_set(tags.ENVIRONMENT, environment))
        if error is None:
            task.end()
        elif isinstance(error, KeyboardInterrupt):
            task.end(TaskStatus.INTERRUPTED, "KeyboardInterrupt")
        else:
            text = error if isinstance(error, str) else error_text(error)
            task.end(TaskStatus.FAILED, text)

    def record_loaded(self, facts: Iterable[FileFact]) -> list[Task]:
        """Say which files the model was read from."""
        return [self.record_file(fact, READ) for fact in facts]

    def hyperparameter_row(self, hyperparameters: Mapping[str, Any], began: str) -> DataSet:
        """The row of what was asked for, the user's own beside it."""
        own = {name: self.consent.values.get(name) for name in self.consent.own}
        row = {tags.TRAINING_STARTED: began, **hyperparameters, **own}
        types = {key: KNOWN[key].type for key in hyperparameters} | dict(self.consent.own)
        return one_row(tags.TRAINING_INPUT, row, types)

    def metric_row(
        self,
        transformation: str,
        output: str,
        logs: Mapping[Any, Any],
        prefix: str = "",
        own: Iterable[Any] | None = None,
    ) -> dict[str, float | str | None]:
        """`logs` by attribute; the output set grows by the metrics that it has not met.

        A metric of several numbers, such as F1 of each class, is as many attributes:
        ``f1_score_0``, ``f1_score_1``, …. `own` are the keys that Keras itself measured, by default
        all: their names never yield to those that a callback has added.
        """
        names = self._metrics.setdefault(output, {})
        parts = parts_of(logs)
        fresh = [part for part in parts if part not in names]
        if fresh:
            self._name_metrics(fresh, output, prefix, logs if own is None else own)
            grown = [
                Attribute(
                    names[part], AttributeType.TEXT if part.is_text else AttributeType.NUMERIC
                )
                for part in fresh
            ]
            self.declare(transformation, Set(output, SetType.OUTPUT, grown))
            wanted = {names[part]: f"{prefix}{part.name}" for part in fresh}
            self._keep_names(transformation, renamed(output, wanted, prefix))
        return {names[part]: value for part, value in parts.items()}

    def renamed_metrics(self, transformation: str) -> list[DataSet]:
        """What is to be said of metrics that are not called as their attributes; once."""
        rows = self._renamed.pop(transformation, None)
        return [rows_of_set(tags.METRIC_NAMES, rows)] if rows else []

    def _name_metrics(
        self, fresh: Iterable[Part], output: str, prefix: str, own: Iterable[Any]
    ) -> None:
        """Give each part an attribute of its own."""
        names, kept = self._metrics[output], {f"{prefix}{each}" for each in kept_names(own)}
        has_rate = output == tags.TRAINING_OUTPUT and self.consent.adaptation
        for part in in_order_of_claim(fresh, own):
            wanted = f"{prefix}{part.name}"
            if wanted == tags.LEARNING_RATE.lower() and not has_rate:
                names[part] = wanted  # set aside for ours, which this set does not have
            else:
                taken = {*names.values(), *(kept - {wanted})}
                names[part] = attribute_name(wanted, output, taken)

    def _keep_names(self, transformation: str, rows: Sequence[Sequence[str]]) -> None:
        """Keep the names of metrics for the next message of the transformation's task."""
        if not rows:
            return
        if transformation not in self._with_names:
            self._with_names.add(transformation)
            self.declare(transformation, own_set(tags.METRIC_NAMES, SetType.OUTPUT))
        self._renamed.setdefault(transformation, []).extend(rows)

    def declare(self, transformation: str, grown: Set) -> None:
        """Let a transformation have a set, or a set more attributes, that it had not so far."""
        self.dataflow.save()
        self.dataflow.client.save_dataflow(
            {
                "tag": self.dataflow.tag,
                "transformations": [Transformation(transformation, [grown]).get_specification()],
                "exec": self.dataflow.exec_tag,
            }
        )

    def _after_training(self) -> list[Task]:
        return [] if self.training is None else [self.training]

    def _task(self, transformation: str, dependencies: Sequence[Task]) -> Task:
        Execution.tasks += 1
        number = self._counts[transformation] = self._counts.get(transformation, 0) + 1
        return Task(
            number,
            self.dataflow.tag,
            self.dataflow.exec_tag,
            transformation,
            dependency=list(dependencies) or None,
        )


class TrainingTask:
    """One training while it runs: a row for each epoch as it ends."""

    def __init__(self, execution: Execution, task: Task) -> None:
        self.execution, self._task = execution, task
        self._logged: tuple[str, ...] | None = None
        self._stream: RowStream | None = None
        self._rates: RowStream | None = None
        self._fresh: dict[str, list[tuple[Any, ...]]] = {}
        self._said_of_trial: set[tuple[Any, ...]] = set()
        self._columns: tuple[str, ...] = ()
        self._rates_differ = False
        self._began = task.start_time = utc_now()

    def add_inputs(
        self,
        hyperparameters: Mapping[str, Any] | None,
        inputs: Mapping[str, Iterable[Sequence[Any]]],
    ) -> None:
        """Add what the training reads to what is said next."""
        if hyperparameters is not None:
            row = self.execution.hyperparameter_row(hyperparameters, self._began)
            self._task.add_dataset(row)
        for tag, rows in inputs.items():
            listed = [tuple(row) for row in rows]
            source = self.execution.said.find(tag, listed)
            if source is not None:
                self._task.reuse(tag, source)
            else:
                self._task.add_dataset(rows_of_set(tag, listed))
                self._fresh[tag] = listed

    def was_said(self) -> None:
        """What was added has been sent: later trainings may refer to it."""
        for tag, rows in self._fresh.items():
            self.execution.said.keep(tag, rows, self._task)
        self._fresh = {}

    def late_inputs(
        self,
        hyperparameters: Mapping[str, Any] | None,
        inputs: Mapping[str, Iterable[Sequence[Any]]],
    ) -> None:
        """Say what was not known when the training began."""
        self.add_inputs(hyperparameters, inputs)
        self._task.save()
        self.was_said()

    def epoch(
        self,
        epoch: int,
        elapsed: float,
        logs: Mapping[Any, Any],
        rate: float | None,
        own: Iterable[Any] | None = None,
    ) -> None:
        """Record an epoch, counted from 0, that took `elapsed` seconds.

        The message is made at the first epoch; the others, of the same metrics, fill it in. For
        `own` see `Execution.metric_row`.
        """
        if RATE_IN_LOGS in logs:
            rate, logs = self._rate_and_logs(rate, logs)
        stream, values = self._stream, list(logs.values())
        if stream is None or self._logged != tuple(logs) or not _are_floats(values):
            stream, values = self._stream_and_values(logs, own)
        rates = [rate] if self.execution.consent.adaptation else []
        stream.send([utc_now(), elapsed, epoch, *rates, *values])

    def _stream_and_values(
        self, logs: Mapping[Any, Any], own: Iterable[Any] | None
    ) -> tuple[RowStream, list[Any]]:
        """The stream, grown by columns that are new, and what goes into each of them.

        It has the columns of all epochs, so that their rows are stored in the order of the epochs.
        """
        row = self.execution.metric_row(tags.TRAINING, tags.TRAINING_OUTPUT, logs, own=own)
        columns = tuple(dict.fromkeys([*self._columns, *row]))
        stream = self._stream
        if stream is None or self._columns != columns:
            stream, self._columns = self._stream_of(columns), columns
        self._stream = stream
        self._say_names()
        is_plain = tuple(row) == columns and _are_floats(list(logs.values()))
        self._logged = tuple(logs) if is_plain else None
        return stream, [row.get(name) for name in columns]

    def optimizers(self, rows: Iterable[Sequence[Any]]) -> None:
        """Say what the optimizers are of a model that has several."""
        self.execution.declare(tags.TRAINING, own_set(tags.OPTIMIZERS, SetType.INPUT))
        self.late_inputs(None, {tags.OPTIMIZERS: rows})

    def rates(self, epoch: int, rates: Sequence[tuple[str, float | None]]) -> None:
        """Record the rate of each of several optimizers in an epoch."""
        if self._rates is None:
            self.execution.declare(tags.TRAINING, own_set(tags.OPTIMIZER_RATES, SetType.OUTPUT))
            columns = list(COLUMNS[tags.OPTIMIZER_RATES])
            self._rates = self._task.stream(tags.OPTIMIZER_RATES, columns)
        for name, rate in rates:
            self._rates.send([epoch, name, rate])

    def _rate_and_logs(
        self, rate: float | None, logs: Mapping[Any, Any]
    ) -> tuple[float | None, Mapping[Any, Any]]:
        """What our column ``learning_rate`` holds, and `logs` without a rate that says the same.

        Where ours cannot be read, as of a schedule of the user's own, what they log stands there.
        Once the two have differed, both are kept.
        """
        logged = logs[RATE_IN_LOGS]
        if not self.execution.consent.adaptation or self._rates_differ or type(logged) is not float:
            return rate, logs
        if rate is not None and logged != rate and shortest(logged) != rate:
            self._rates_differ = True
            return rate, logs
        others = {key: value for key, value in logs.items() if key != RATE_IN_LOGS}
        return (logged if rate is None else rate), others

    def _say_names(self) -> bool:
        """Say at once which metrics are called otherwise; whether any are."""
        names = self.execution.renamed_metrics(tags.TRAINING)
        for each in names:
            self._task.add_dataset(each)
        if names:
            self._task.save()
        return bool(names)

    def batches(self, rows: Sequence[tuple[str, int, int, Mapping[str, Any]]]) -> None:
        """Record batches: when, epoch, batch, and what Keras measured."""
        for stamp, epoch, batch, logs in rows:
            metrics = self.execution.metric_row(tags.TRAINING, tags.BATCHES, logs)
            own = dict(zip(COLUMNS[tags.BATCHES], (stamp, epoch, batch), strict=True))
            self._task.add_dataset(one_row(tags.BATCHES, {**own, **metrics}))
        if not self._say_names():
            self._task.save()

    def system_stream(self) -> RowStream:
        """What takes samples of the system from their own thread."""
        return self._task.stream(tags.SYSTEM_METRICS, list(COLUMNS[tags.SYSTEM_METRICS]))

    def follow(self, trial: Trial, said: Iterable[Sequence[Any]]) -> None:
        """Hear of the end of `trial`, of which the rows `said` are known."""
        self._said_of_trial = {tuple(row) for row in said}
        trial.trainings.append(self._trial_has_ended)

    def _trial_has_ended(self, trial: Trial, outcome: Iterable[Sequence[Any]]) -> None:
        """Say how it ended, and what it chose after the training had begun."""
        self.execution.declare(tags.TRAINING, own_set(tags.TRIAL_END, SetType.OUTPUT))
        chosen = [row for row in trial_rows(trial) if row not in self._said_of_trial]
        late = {tags.TRIAL: chosen} if trial.parameters and chosen else {}
        self.late_inputs(None, {**late, tags.TRIAL_END: outcome})

    def end(self, error: BaseException | None, outcome: Sequence[Any]) -> None:
        """Say how the training ended: finished, interrupted, or failed with `error`."""
        self._task.add_dataset(rows_of_set(tags.TRAINING_END, [[utc_now(), *outcome]]))
        if error is None:
            self._task.end()
        elif isinstance(error, KeyboardInterrupt):
            self._task.end(TaskStatus.INTERRUPTED, "KeyboardInterrupt")
        elif is_pruning(error):
            self._task.end(TaskStatus.PRUNED, error_text(error))
        else:
            self._task.end(TaskStatus.FAILED, error_text(error))

    def _stream_of(self, metrics: Iterable[str]) -> RowStream:
        names = [tags.EPOCH_ENDED, tags.ELAPSED_TIME, tags.EPOCH_ID]
        if self.execution.consent.adaptation:
            names.append(tags.LEARNING_RATE)
        return self._task.stream(tags.TRAINING_OUTPUT, [*names, *metrics])


def utc_now() -> str:
    """Now in UTC, as SQL's TIMESTAMP reads it: ``YYYY-MM-DD HH:MM:SS.ffffff``.

    `time.strftime` costs tens of microseconds between two epochs, when caches are cold; so it
    makes days alone.
    """
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{_day(days)} {hour:02}:{minute:02}:{second:02}.{nanoseconds // 1000:06}"


@functools.lru_cache(maxsize=2)
def _day(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(days * 86_400))


def error_text(error: BaseException) -> str:
    """Type and message of an error, also of one whose message cannot be made."""
    try:
        message = str(error)
    except Exception as broken:
        message = f"(its message cannot be made: {type(broken).__name__})"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _file(fact: FileFact, mode: str) -> File:
    path, name = (captured_text(each, mask=masked_place) for each in (fact.path, fact.name))
    return File(path, name, mode=mode, size=fact.size, sha256=fact.sha256)


def _are_floats(values: Sequence[Any]) -> bool:
    return all(type(value) is float for value in values)
