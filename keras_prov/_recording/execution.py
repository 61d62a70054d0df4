"""One execution in DfAnalyzer's terms: its tasks, as they begin and end, and their rows.

This module knows nothing of patches or SQL, and of Keras only its terms: epoch, metric, rate.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from dfanalyzer_client.dataset import DataSet
from dfanalyzer_client.declarations.steering import SteeringInbox
from dfanalyzer_client.file import READ, WRITTEN, File
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.masking import captured_text, masked_location
from dfanalyzer_client.set import Set
from dfanalyzer_client.support.clock import utc_now
from dfanalyzer_client.support.error_text import error_text
from dfanalyzer_client.task import Task
from dfanalyzer_client.task_status import TaskStatus
from dfanalyzer_client.transformation import Transformation

from .._artifacts.model_files import FileFact
from .._capture.config import CaptureConfig
from .._inspection.hyperparameters import KNOWN
from .continuation import Continuation
from .dataflow import (
    adaptation_transformation,
    dataflow_of,
    file_transformation,
    hyperparameter_set,
    keras_set,
)
from .events import Adaptation, Configuration
from .metrics import MetricColumns
from .repeated_rows import RepeatedRows
from .rows import Row, one_row, rows_of_set
from .trials import Trial, is_pruning

__all__ = ["Execution", "end_with"]


class Execution:
    """One run of a dataflow: a model's trainings and tests, and tasks that the user adds.

    Attributes:
        config: what the user asked for.
        trial: the trial of a study that this execution belongs to, if any.
        process: id of the process that records it; a forked child begins its own executions.
        dataflow: what `model.get_dataflow()` returns, for users to add transformations to.
        training: the newest training task, which tests and adaptations depend on.
        modification: the newest step since then that has changed layers.
        epoch: the newest epoch that has begun, counted from 0.
        configuration: what the previous training ended with.
        steps_before: the optimizer's step count when capture was asked for; None if unknown.
        tested: whether a test was recorded.
        derived_from: tags of the executions whose models this one continues with.
        continuation: what this one continues otherwise, until a training has recorded it.
        replayed: how many changes of another execution the next training makes again; None: it
            replays none.
        tasks: how many tasks this process has recorded, over all executions.
        metrics: the columns of its metrics.
        repeated_rows: rows that its trainings have sent, for later trainings to refer to.
        inbox: what is asked of its trainings while they run.
        is_steered: whether one of its trainings takes requests now.
    """

    tasks: ClassVar[int] = 0

    def __init__(self, config: CaptureConfig, trial: Trial | None = None) -> None:
        self.config, self.trial = config, trial
        self.process = os.getpid()
        self.dataflow = dataflow_of(config)
        self.training: Task | None = None
        self.modification: Task | None = None
        self.epoch: int | None = None
        self.derived_from: set[str] = set()
        self.continuation: Continuation | None = None
        self.replayed: int | None = None
        self.configuration: Configuration | None = None
        self.steps_before: int | None = None
        self.tested = False
        self.repeated_rows = RepeatedRows()
        self.inbox = SteeringInbox(self.dataflow.tag, self.dataflow.exec_tag)
        self.is_steered = False
        self._counts: dict[str, int] = {}
        self._declared: set[str] = set()
        self.metrics = MetricColumns(self.declare, has_rate=config.adaptation)

    @property
    def tag(self) -> str:
        """The tag that names this run."""
        return self.dataflow.exec_tag

    def record_test(
        self,
        logs: Mapping[str, Any],
        began: str,
        data: Iterable[Row],
        keras_keys: Iterable[Any] | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what an `evaluate()` measured, and on which data.

        Args:
            logs: the metrics.
            began: when it began.
            data: fingerprints of the data.
            keras_keys: see `MetricColumns.row`.
            hyperparameters: given if no training has recorded them.
        """
        task = self.new_task(tags.TESTING, self.after_training())
        if hyperparameters is not None:
            self.declare(tags.TESTING, hyperparameter_set(self.config))
            task.add_dataset(self.hyperparameter_row(hyperparameters, began))
        metrics = self.metrics.row(
            tags.TESTING, tags.TESTING_OUTPUT, logs, tags.TEST_METRIC_PREFIX, keras_keys
        )
        task.add_dataset(one_row(tags.TESTING_OUTPUT, {tags.TESTED: utc_now(), **metrics}))
        if self.config.choice.dataset:
            task.add_dataset(rows_of_set(tags.TESTING_DATASET, data))
        for names in self.metrics.renamed(tags.TESTING):
            task.add_dataset(names)
        task.start_time = began
        task.end()

    def record_adaptation(self, adaptation: Adaptation) -> None:
        """Record that the configuration has changed."""
        if not self.config.adaptation and tags.ADAPTATION not in self._counts:
            self.dataflow.add_transformation(adaptation_transformation())  # steering made it
        task = self.new_task(tags.ADAPTATION, [] if self.training is None else [self.training])
        task.start_time = utc_now()
        values = {
            tags.NEW_RATE: adaptation.new_rate,
            tags.ADAPTED: task.start_time,
            tags.EPOCH_ID: adaptation.epoch,
            tags.ADAPTATION_ID: task.id,
            tags.OLD_RATE: adaptation.old_rate,
            tags.CAUSE: adaptation.cause,
            tags.DETAIL: adaptation.detail,
            tags.ADAPTED_OPTIMIZER: adaptation.optimizer,
            tags.ADAPTED_ATTRIBUTE: adaptation.attribute,
            tags.OLD_VALUE: adaptation.old_value,
            tags.NEW_VALUE: adaptation.new_value,
            tags.ADAPTED_BATCH: adaptation.batch,
            tags.PERSON: adaptation.person,
            tags.REASON: adaptation.reason,
            tags.REQUEST: adaptation.request,
        }
        task.add_dataset(rows_of_set(tags.ADAPTATION_OUTPUT, [values]))
        task.end()

    def record_file(self, fact: FileFact, mode: str) -> Task:
        """Record a file that was written or read."""
        transformation = tags.SAVING if mode == WRITTEN else tags.LOADING
        self.declare_once(file_transformation(transformation))
        after = self.after_training() if mode == WRITTEN else []
        task = self.new_task(transformation, after)
        task.start_time = utc_now()
        values = {
            tags.FILE_TIMESTAMP: task.start_time,
            tags.FILE_PATH: fact.path,
            tags.FILE_KIND: fact.kind,
            tags.FILE_SIZE: fact.size,
            tags.FILE_SHA256: fact.sha256,
            tags.FILE_CALLBACK: fact.callback,
            tags.EPOCH_ID: self.epoch if fact.epoch is None else fact.epoch,
            tags.FILE_PRESET: fact.preset,
        }
        tag = tags.SAVED_FILE if mode == WRITTEN else tags.LOADED_FILE
        task.add_dataset(rows_of_set(tag, [values]))
        task.add_file(_file(fact, mode))
        task.end()
        return task

    def record_script(
        self,
        script: FileFact,
        began: str,
        environment: Iterable[Row],
        error: BaseException | str | None,
    ) -> None:
        """Record a program that ran without a captured training or test."""
        sets = [keras_set(tags.ENVIRONMENT)] if self.config.choice.environment else []
        self.dataflow.add_transformation(Transformation(tags.SCRIPT, sets))
        task = self.new_task(tags.SCRIPT, [])
        task.start_time = began
        task.add_file(_file(script, READ))
        if sets:
            task.add_dataset(rows_of_set(tags.ENVIRONMENT, environment))
        end_with(task, error)

    def record_loaded(self, facts: Iterable[FileFact]) -> list[Task]:
        """Record the files that the model was loaded from."""
        return [self.record_file(fact, READ) for fact in facts]

    def hyperparameter_row(self, hyperparameters: Mapping[str, Any], began: str) -> DataSet:
        """The row of the hyperparameters that were asked for, custom ones included."""
        custom = {name: self.config.values.get(name) for name in self.config.custom_hyperparameters}
        row = {tags.TRAINING_STARTED: began, **hyperparameters, **custom}
        types = {key: KNOWN[key].type for key in hyperparameters} | dict(
            self.config.custom_hyperparameters
        )
        return one_row(tags.TRAINING_INPUT, row, types)

    def declare_once(self, transformation: Transformation) -> None:
        """Declare a transformation of what may never happen, before its first task."""
        if transformation.tag not in self._declared:
            self._declared.add(transformation.tag)
            self.dataflow.add_transformation(transformation)

    def declare(self, transformation: str, grown: Set) -> None:
        """Declare a new set of a transformation, or new attributes of a set."""
        self.dataflow.grow(Transformation(transformation, [grown]))

    def declare_batches(self) -> None:
        """Declare the set of batches for trainings that were asked for them one by one."""
        if not self.config.choice.every_batch:
            self.declare(tags.TRAINING, keras_set(tags.BATCHES))

    def after_training(self) -> list[Task]:
        """What a task follows from: the newest training, and what has changed layers since."""
        return [task for task in (self.training, self.modification) if task is not None]

    def new_task(self, transformation: str, dependencies: Sequence[Task]) -> Task:
        """A new task of this execution, with the next number."""
        Execution.tasks += 1
        number = self._counts[transformation] = self._counts.get(transformation, 0) + 1
        return Task(
            number,
            self.dataflow.tag,
            self.dataflow.exec_tag,
            transformation,
            dependency=list(dependencies) or None,
        )


def end_with(task: Task, error: BaseException | str | None) -> None:
    """End a task with the status that fits the error: finished, interrupted, pruned or failed."""
    if error is None:
        task.end()
    elif isinstance(error, KeyboardInterrupt):
        task.end(TaskStatus.INTERRUPTED, "KeyboardInterrupt")
    elif isinstance(error, str):
        task.end(TaskStatus.FAILED, error)
    else:
        status = TaskStatus.PRUNED if is_pruning(error) else TaskStatus.FAILED
        task.end(status, error_text(error))


def _file(fact: FileFact, mode: str) -> File:
    path, name = (captured_text(text, mask=masked_location) for text in (fact.path, fact.name))
    return File(path, name, mode=mode, size=fact.size, sha256=fact.sha256)
