"""One execution in DfAnalyzer's terms: its dataflow, and its tasks as they begin and end.

Knows no patching and no SQL, and of Keras only its words: epoch, metric, learning rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import dfanalyzer_client.vocabulary as tags
from dfanalyzer_client.attribute import Attribute
from dfanalyzer_client.attribute_type import AttributeType
from dfanalyzer_client.dataflow import Dataflow
from dfanalyzer_client.dataset import DataSet
from dfanalyzer_client.element import Element
from dfanalyzer_client.set import Set
from dfanalyzer_client.set_type import SetType
from dfanalyzer_client.task import Task
from dfanalyzer_client.task_status import TaskStatus
from dfanalyzer_client.transformation import Transformation

from ._consent import Consent
from ._hyperparameters import KNOWN

__all__ = ["Execution", "TrainingTask"]

TEXT, NUMERIC = AttributeType.TEXT, AttributeType.NUMERIC


class Execution:
    """One run of a dataflow: a `fit()` and what follows, with the user's own tasks beside it.

    Attributes:
        dataflow: what `model.get_dataflow()` gives, to add transformations of the domain to.
        training: the newest training task, which tests and adaptations depend on.
    """

    def __init__(self, consent: Consent) -> None:
        self.consent = consent
        self.dataflow = _dataflow(consent)
        self.training: Task | None = None
        self._counts: dict[str, int] = {}
        self._metrics: dict[str, dict[str, str]] = {}

    def begin_training(
        self, hyperparameters: Mapping[str, Any], layers: Iterable[tuple[str, str, str]]
    ) -> TrainingTask:
        """Say that a training runs, with these hyperparameters and rows of layers."""
        now = utc_now()
        task = self._task(tags.TRAINING)
        own = {name: self.consent.values.get(name) for name in self.consent.own}
        task.add_dataset(
            _row(tags.TRAINING_INPUT, {tags.TRAINING_STARTED: now, **hyperparameters, **own})
        )
        task.add_dataset(DataSet(tags.LAYERS, [Element([now, *row]) for row in layers]))
        task.begin()
        self.training = task
        return TrainingTask(self, task)

    def record_test(self, logs: Mapping[str, Any], began: str) -> None:
        """Say what an `evaluate()` measured."""
        task = self._task(tags.TESTING, dependency=self.training)
        metrics = self.metric_row(
            tags.TESTING, tags.TESTING_OUTPUT, logs, prefix=tags.TEST_METRIC_PREFIX
        )
        task.add_dataset(_row(tags.TESTING_OUTPUT, {tags.TESTED: utc_now(), **metrics}))
        task.start_time = began
        task.end()

    def record_adaptation(self, epoch: int, rate: float) -> None:
        """Say that the learning rate is `rate` from `epoch` on."""
        task = self._task(tags.ADAPTATION, dependency=self.training)
        task.add_dataset(
            _row(
                tags.ADAPTATION_OUTPUT,
                {
                    tags.NEW_RATE: rate,
                    tags.ADAPTED: utc_now(),
                    tags.EPOCH_ID: epoch,
                    tags.ADAPTATION_ID: task.id,
                },
            )
        )
        task.end()

    def metric_row(
        self, transformation: str, output: str, logs: Mapping[str, Any], prefix: str = ""
    ) -> dict[str, float | None]:
        """`logs` by attribute; the output set grows by the metrics that it has not met."""
        names = self._metrics.setdefault(output, {})
        fresh = [name for name in logs if name not in names]
        if fresh:
            for name in fresh:
                names[name] = _attribute_name(f"{prefix}{name}", names.values())
            self._grow(transformation, output, [names[name] for name in fresh])
        return {names[name]: _number(value) for name, value in logs.items()}

    def _grow(self, transformation: str, output: str, names: Iterable[str]) -> None:
        grown = Set(output, SetType.OUTPUT, [Attribute(name, NUMERIC) for name in names])
        self.dataflow.save()
        self.dataflow.client.save_dataflow(
            {
                "tag": self.dataflow.tag,
                "transformations": [Transformation(transformation, [grown]).get_specification()],
                "exec": self.dataflow.exec_tag,
            }
        )

    def _task(self, transformation: str, dependency: Task | None = None) -> Task:
        number = self._counts[transformation] = self._counts.get(transformation, 0) + 1
        return Task(
            number,
            self.dataflow.tag,
            self.dataflow.exec_tag,
            transformation,
            dependency=dependency,
        )


class TrainingTask:
    """One training while it runs: a row for each epoch as it ends."""

    def __init__(self, execution: Execution, task: Task) -> None:
        self._execution, self._task = execution, task

    def epoch(
        self, epoch: int, elapsed: float, logs: Mapping[str, Any], rate: float | None
    ) -> None:
        """Record an epoch, counted from 0, that took `elapsed` seconds."""
        metrics = self._execution.metric_row(tags.TRAINING, tags.TRAINING_OUTPUT, logs)
        row = {
            tags.EPOCH_ENDED: utc_now(),
            tags.ELAPSED_TIME: elapsed,
            tags.EPOCH_ID: epoch,
            **metrics,
        }
        if self._execution.consent.adaptation:
            row[tags.LEARNING_RATE] = rate
        self._task.add_dataset(_row(tags.TRAINING_OUTPUT, row))
        self._task.save()

    def adaptation(self, epoch: int, rate: float) -> None:
        """Record that the learning rate is another from `epoch` on."""
        self._execution.record_adaptation(epoch, rate)

    def end(self, error: BaseException | None) -> None:
        """Say how the training ended: finished, interrupted, or failed with `error`."""
        if error is None:
            self._task.end()
        elif isinstance(error, KeyboardInterrupt):
            self._task.end(TaskStatus.INTERRUPTED, "KeyboardInterrupt")
        else:
            text = f"{type(error).__name__}: {error}".replace("\0", "\\0")
            self._task.end(TaskStatus.FAILED, text.encode(errors="replace").decode())


def utc_now() -> str:
    """Now in UTC, as SQL's TIMESTAMP reads it: ``YYYY-MM-DD HH:MM:SS.ffffff``."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _dataflow(consent: Consent) -> Dataflow:
    output = Set(
        tags.TRAINING_OUTPUT,
        SetType.OUTPUT,
        [
            Attribute(tags.EPOCH_ENDED, TEXT),
            Attribute(tags.ELAPSED_TIME, NUMERIC),
            Attribute(tags.EPOCH_ID, NUMERIC),
        ],
    )
    if consent.adaptation:
        output.add_attribute(Attribute(tags.LEARNING_RATE, NUMERIC))
    training = Transformation(tags.TRAINING, [_training_input(consent), _layers(), output])
    output.set_type(SetType.INPUT)
    output.dependency = training.tag
    dataflow = Dataflow(consent.dataflow_tag, [training], client=consent.client)
    if consent.adaptation:
        dataflow.add_transformation(Transformation(tags.ADAPTATION, [output, _adaptation()]))
    tested = Set(tags.TESTING_OUTPUT, SetType.OUTPUT, [Attribute(tags.TESTED, TEXT)])
    dataflow.add_transformation(Transformation(tags.TESTING, [output, tested]))
    return dataflow


def _training_input(consent: Consent) -> Set:
    types = {key: KNOWN[key].type for key in consent.keys} | dict(consent.own)
    attributes = [Attribute(name, AttributeType[type_]) for name, type_ in types.items()]
    return Set(
        tags.TRAINING_INPUT, SetType.INPUT, [Attribute(tags.TRAINING_STARTED, TEXT), *attributes]
    )


def _layers() -> Set:
    names = (tags.LAYERS_TIMESTAMP, tags.LAYER_NAME, tags.LAYER_ATTRIBUTE, tags.LAYER_VALUE)
    return Set(tags.LAYERS, SetType.INPUT, [Attribute(name, TEXT) for name in names])


def _adaptation() -> Set:
    return Set(
        tags.ADAPTATION_OUTPUT,
        SetType.OUTPUT,
        [
            Attribute(tags.NEW_RATE, NUMERIC),
            Attribute(tags.ADAPTED, TEXT),
            Attribute(tags.EPOCH_ID, NUMERIC),
            Attribute(tags.ADAPTATION_ID, NUMERIC),
        ],
    )


def _row(tag: str, values: Mapping[str, Any]) -> DataSet:
    return DataSet(tag, [Element(list(values.values()))], attributes=list(values))


def _attribute_name(metric: str, taken: Iterable[str]) -> str:
    """The attribute of a metric: its name in lower case, numbered where that is taken.

    Taken are the columns that every set has, and the names of other metrics that differ from this
    one in case alone.
    """
    plain = "".join(each for each in metric.lower() if each.isprintable()) or "metric"
    used = {*taken, *tags.NOT_METRICS, "id"}
    used |= {f"{each.lower()}_task_id" for each in (tags.TRAINING, tags.ADAPTATION, tags.TESTING)}
    number, name = 1, plain
    while name in used:
        number += 1
        name = f"{plain}_{number}"
    return name


def _number(value: Any) -> float | None:
    """A metric's value; None for what is no number (a custom `train_step` may log anything)."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
