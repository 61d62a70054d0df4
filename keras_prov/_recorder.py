"""One execution in DfAnalyzer's terms: its tasks as they begin and end, and their rows.

Knows no patching and no SQL, and of Keras only its words: epoch, metric, learning rate.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dfanalyzer_client.vocabulary as tags
from dfanalyzer_client.attribute import Attribute
from dfanalyzer_client.attribute_type import AttributeType
from dfanalyzer_client.dataset import DataSet
from dfanalyzer_client.element import Element
from dfanalyzer_client.file import READ, WRITTEN, File
from dfanalyzer_client.row_stream import RowStream
from dfanalyzer_client.set import Set
from dfanalyzer_client.set_type import SetType
from dfanalyzer_client.task import Task
from dfanalyzer_client.task_status import TaskStatus
from dfanalyzer_client.transformation import Transformation

from ._adaptations import Adaptation
from ._configuration import Configuration
from ._consent import Consent
from ._dataflow import COLUMNS, dataflow_of, file_transformation, own_set
from ._files import FileFact
from ._said import Said
from ._trials import Trial, is_pruning, trial_rows

__all__ = ["Execution", "TrainingTask", "utc_now"]


class Execution:
    """One run of a dataflow: a `fit()` and what follows, with the user's own tasks beside it.

    Attributes:
        consent: what the user asked for.
        trial: the trial of a study that it is, if any.
        dataflow: what `model.get_dataflow()` gives, to add transformations of the domain to.
        training: the newest training task, which tests and adaptations depend on.
        epoch: the newest epoch that was begun, counted from 0.
        configuration: what the training before ended with.
        derived_from: tags of the executions whose models this one goes on with.
        said: what its trainings have said that may stay as it is from one to the next.
    """

    def __init__(self, consent: Consent, trial: Trial | None = None) -> None:
        self.consent, self.trial = consent, trial
        self.dataflow = dataflow_of(consent)
        self.training: Task | None = None
        self.epoch: int | None = None
        self.derived_from: set[str] = set()
        self.configuration: Configuration | None = None
        self.said = Said()
        self._counts: dict[str, int] = {}
        self._metrics: dict[str, dict[str, str]] = {}

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
        self, logs: Mapping[str, Any], began: str, data: Iterable[Sequence[Any]]
    ) -> None:
        """Say what an `evaluate()` measured, on which data."""
        task = self._task(tags.TESTING, self._after_training())
        metrics = self.metric_row(
            tags.TESTING, tags.TESTING_OUTPUT, logs, prefix=tags.TEST_METRIC_PREFIX
        )
        task.add_dataset(_row(tags.TESTING_OUTPUT, {tags.TESTED: utc_now(), **metrics}))
        if self.consent.choice.dataset:
            task.add_dataset(_rows(tags.TESTING_DATASET, data))
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
        task.add_dataset(_rows(tags.ADAPTATION_OUTPUT, [values]))
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
        task.add_dataset(_rows(tag, [values]))
        task.add_file(File(fact.path, fact.name, mode=mode, size=fact.size, sha256=fact.sha256))
        task.end()
        return task

    def record_loaded(self, facts: Iterable[FileFact]) -> list[Task]:
        """Say which files the model was read from."""
        return [self.record_file(fact, READ) for fact in facts]

    def metric_row(
        self, transformation: str, output: str, logs: Mapping[str, Any], prefix: str = ""
    ) -> dict[str, float | None]:
        """`logs` by attribute; the output set grows by the metrics that it has not met.

        A metric of several numbers, such as F1 of each class, is as many attributes:
        ``f1_score_0``, ``f1_score_1``, ….
        """
        names = self._metrics.setdefault(output, {})
        numbers = dict(_flattened(logs))
        fresh = [name for name in numbers if name not in names]
        if fresh:
            for name in fresh:
                names[name] = _attribute_name(f"{prefix}{name}", output, names.values())
            grown = [Attribute(names[name], AttributeType.NUMERIC) for name in fresh]
            self.declare(transformation, Set(output, SetType.OUTPUT, grown))
        return {names[name]: value for name, value in numbers.items()}

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
        self._began = task.start_time = utc_now()

    def add_inputs(
        self,
        hyperparameters: Mapping[str, Any] | None,
        inputs: Mapping[str, Iterable[Sequence[Any]]],
    ) -> None:
        """Add what the training reads to what is said next."""
        if hyperparameters is not None:
            consent = self.execution.consent
            own = {name: consent.values.get(name) for name in consent.own}
            row = {tags.TRAINING_STARTED: self._began, **hyperparameters, **own}
            self._task.add_dataset(_row(tags.TRAINING_INPUT, row))
        for tag, rows in inputs.items():
            listed = [tuple(row) for row in rows]
            source = self.execution.said.find(tag, listed)
            if source is not None:
                self._task.reuse(tag, source)
            else:
                self._task.add_dataset(_rows(tag, listed))
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
        self, epoch: int, elapsed: float, logs: Mapping[str, Any], rate: float | None
    ) -> None:
        """Record an epoch, counted from 0, that took `elapsed` seconds.

        The message is made at the first epoch; the others, of the same metrics, fill it in.
        """
        values = list(logs.values())
        if self._stream is None or self._logged != tuple(logs) or not _are_floats(values):
            row = self.execution.metric_row(tags.TRAINING, tags.TRAINING_OUTPUT, logs)
            values = list(row.values())
            self._stream = self._stream_of(row)
            self._logged = tuple(logs) if len(row) == len(logs) else None
        rates = [rate] if self.execution.consent.adaptation else []
        self._stream.send([utc_now(), elapsed, epoch, *rates, *values])

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

    def batches(self, rows: Sequence[tuple[str, int, int, Mapping[str, Any]]]) -> None:
        """Record batches: when, epoch, batch, and what Keras measured."""
        for stamp, epoch, batch, logs in rows:
            metrics = self.execution.metric_row(tags.TRAINING, tags.BATCHES, logs)
            own = dict(zip(COLUMNS[tags.BATCHES], (stamp, epoch, batch), strict=True))
            self._task.add_dataset(_row(tags.BATCHES, {**own, **metrics}))
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
        self._task.add_dataset(_rows(tags.TRAINING_END, [[utc_now(), *outcome]]))
        if error is None:
            self._task.end()
        elif isinstance(error, KeyboardInterrupt):
            self._task.end(TaskStatus.INTERRUPTED, "KeyboardInterrupt")
        elif is_pruning(error):
            self._task.end(TaskStatus.PRUNED, error_text(error))
        else:
            self._task.end(TaskStatus.FAILED, error_text(error))

    def _stream_of(self, row: Mapping[str, Any]) -> RowStream:
        names = [tags.EPOCH_ENDED, tags.ELAPSED_TIME, tags.EPOCH_ID]
        if self.execution.consent.adaptation:
            names.append(tags.LEARNING_RATE)
        return self._task.stream(tags.TRAINING_OUTPUT, [*names, *row])


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
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return text.replace("\0", "\\0").encode(errors="replace").decode()


def _row(tag: str, values: Mapping[str, Any]) -> DataSet:
    return DataSet(tag, [Element(list(values.values()))], attributes=list(values))


def _rows(tag: str, rows: Iterable[Sequence[Any]]) -> DataSet:
    return DataSet(tag, [Element(list(row)) for row in rows], attributes=list(COLUMNS[tag]))


def _attribute_name(metric: str, output: str, taken: Iterable[str]) -> str:
    """The attribute of a metric: its name in lower case, numbered where that is taken.

    Taken are the columns that every set has, and the names of other metrics that differ from this
    one in case alone.
    """
    plain = "".join(each for each in metric.lower() if each.isprintable()) or "metric"
    used = {*taken, *tags.NOT_METRICS, "id", *(name.lower() for name in COLUMNS[output])}
    used |= {f"{each.lower()}_task_id" for each in (tags.TRAINING, tags.ADAPTATION, tags.TESTING)}
    number, name = 1, plain
    while name in used:
        number += 1
        name = f"{plain}_{number}"
    return name


def _are_floats(values: Sequence[Any]) -> bool:
    return all(type(value) is float for value in values)


def _flattened(logs: Mapping[str, Any]) -> Iterable[tuple[str, float | None]]:
    """Names and numbers; None for what is no number (a custom `train_step` may log anything)."""
    for name, value in logs.items():
        try:
            yield name, float(value)
        except (TypeError, ValueError):
            parts = _parts(value)
            yield from ((f"{name}_{i}", part) for i, part in enumerate(parts))
            if not parts:
                yield name, None


def _parts(value: Any) -> list[float]:
    try:
        return [float(each) for each in value.tolist()] if hasattr(value, "tolist") else []
    except (TypeError, ValueError):
        return []
