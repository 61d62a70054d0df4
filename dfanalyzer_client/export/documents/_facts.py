"""What documents say of an execution: its rows as trainings, tests, changes, data and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...executions.environment import Environment, environment_of
from ...executions.own_names import OwnNames
from ...executions.record import ExecutionRecord, FileRecord, RowRecord, SetRecord, TaskRecord
from ...executions.summaries import ExecutionSummary
from ...file import READ, WRITTEN
from ...keras_schema import Role
from ...keras_schema import names as tags
from ...store.connection import Connection
from ...store.reading import Catalogue
from ...task_status import TaskStatus

__all__ = ["Data", "Facts", "Row", "Test", "Training", "facts_of"]

Row = dict[str, Any]
"""The values of a row by their columns, without those that are NULL."""

TRAINING, TESTING = tags.TRAINING.lower(), tags.TESTING.lower()
OPTIMIZERS = tags.OPTIMIZERS.lower()
ENDED_WELL = (TaskStatus.FINISHED.value, TaskStatus.PRUNED.value)
LOADING, SAVING = tags.LOADING.lower(), tags.SAVING.lower()
NO_MODELS = frozenset({"log", "script", "backup"})
"""Kinds of files that hold no model for others."""


@dataclass
class Training:
    """A training: what it was configured with, what its last epoch measured, how it ended."""

    number: int
    task: TaskRecord
    configuration: Row = field(default_factory=dict)
    epochs: int = 0
    metrics: Row = field(default_factory=dict)
    outcome: Row = field(default_factory=dict)


@dataclass
class Test:
    """A test, and what it measured."""

    number: int
    task: TaskRecord
    metrics: Row = field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """The fingerprint of a part of the data; `row` is its number in the set that has it."""

    set: str
    row: int
    values: Mapping[str, Any]

    @property
    def role(self) -> str:
        """What it was used for: training, validation or test."""
        return str(self.values.get("role") or "")

    @property
    def name(self) -> str:
        """Which part of the data it is, as ``x``."""
        return str(self.values.get("name") or "")


@dataclass
class Facts:
    """An execution for documents.

    Attributes:
        changes: rows of adaptations, with the number of the training that each changed.
        data: fingerprints, each once, however many trainings had these data.
        trials: rows of what a search chose, and of what came of it, each once.
        differences: rows of what differs from the execution that this one continues.
        layers: by layer, its class and its parameters.
        kinds: what files are, by their SHA-256.
    """

    summary: ExecutionSummary
    record: ExecutionRecord
    environment: Environment
    trainings: list[Training] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    data: list[Data] = field(default_factory=list)
    trials: list[Row] = field(default_factory=list)
    differences: list[Row] = field(default_factory=list)
    layers: dict[str, Row] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The execution's tag."""
        return self.record.tag

    @property
    def dataflow(self) -> str:
        """The dataflow's tag."""
        return self.record.dataflow.tag

    @property
    def moment(self) -> datetime | None:
        """When it ended, or else when it began: what stands for the date of a document."""
        return self.record.ended or self.record.began

    @property
    def is_over(self) -> bool:
        """Whether no task is running, or may still run."""
        return not any(
            task.status in (TaskStatus.READY.value, TaskStatus.RUNNING.value)
            for task in self.record.tasks
        )

    @property
    def measured(self) -> list[Row]:
        """The metrics of all trainings' last epochs and of all tests."""
        trained = [each.metrics for each in self.trainings]
        return trained + [each.metrics for each in self.tests]

    @property
    def unfinished(self) -> list[TaskRecord]:
        """Tasks that did not end as they should: failed, interrupted, abandoned or running ones."""
        return [task for task in self.record.tasks if task.status not in ENDED_WELL]

    @property
    def written(self) -> list[FileRecord]:
        """Files that were written, each content and place once."""
        return _distinct(file for file in self.record.files if file.mode == WRITTEN)

    @property
    def models(self) -> list[FileRecord]:
        """Files in which a trained model, or its weights, were saved."""
        return [
            file
            for file in self.written
            if file.task.transformation == SAVING and self.kind(file) not in NO_MODELS
        ]

    def kind(self, file: FileRecord) -> str:
        """What a file is: model, weights, checkpoint, log and so on; empty if that is not known."""
        return self.kinds.get(file.sha256 or "", "")

    @property
    def loaded(self) -> list[FileRecord]:
        """Files from which a model was read."""
        return _distinct(
            file
            for file in self.record.files
            if file.mode == READ
            and file.task.transformation == LOADING
            and self.kind(file) not in NO_MODELS
        )

    @property
    def sources(self) -> list[FileRecord]:
        """Files that were read, other than models."""
        return _distinct(
            file
            for file in self.record.files
            if file.mode == READ and file.task.transformation != LOADING
        )


def facts_of(connection: Connection, summary: ExecutionSummary, record: ExecutionRecord) -> Facts:
    """What the rows of an execution say, with metrics by their own names."""
    own = {
        stored: name
        for (execution, stored), name in OwnNames(connection, Catalogue(connection))
        .of([summary.id])
        .items()
        if execution == summary.id
    }
    facts = Facts(summary, record, environment_of(record))
    trainings = {
        task.id: Training(number, task) for number, task in enumerate(_tasks(record, TRAINING), 1)
    }
    tests = {task.id: Test(number, task) for number, task in enumerate(_tasks(record, TESTING), 1)}
    facts.trainings, facts.tests = list(trainings.values()), list(tests.values())
    for content in record.sets:
        _add_set(facts, content, trainings, tests, own)
    return facts


def _tasks(record: ExecutionRecord, transformation: str) -> list[TaskRecord]:
    return [task for task in record.tasks if task.transformation == transformation]


def _add_set(
    facts: Facts,
    content: SetRecord,
    trainings: Mapping[int, Training],
    tests: Mapping[int, Test],
    own: Mapping[str, str],
) -> None:
    """Add the rows of a set to what they are of."""
    role = content.layout.role
    for row in content.rows:
        values = _values(content, row)
        if role == Role.HYPERPARAMETERS and content.tag != OPTIMIZERS:
            for task in row.readers:
                if task.id in trainings:
                    trainings[task.id].configuration |= _without_times(values)
        elif role == Role.EPOCHS and row.writer is not None and row.writer.id in trainings:
            training = trainings[row.writer.id]
            training.epochs += 1
            training.metrics |= _metrics(values, own)
        elif role == Role.TESTS and row.writer is not None and row.writer.id in tests:
            tests[row.writer.id].metrics |= _metrics(values, own)
        elif role == Role.ADAPTATIONS and row.writer is not None:
            changed = [trainings[of.id] for of in row.writer.depends_on if of.id in trainings]
            number = {"training": changed[0].number} if changed else {}
            facts.changes.append({**number, **values})
        elif role == Role.DATA:
            if values not in [each.values for each in facts.data]:  # of several trainings
                facts.data.append(Data(content.tag, row.number, values))
        elif role == Role.TRIAL or content.tag == tags.TRIAL_END.lower():
            if values not in facts.trials:
                facts.trials.append(values)
        elif role == Role.OUTCOME and row.writer is not None and row.writer.id in trainings:
            trainings[row.writer.id].outcome |= values
        elif role == Role.FILES:
            digest, kind = (values.get(key.lower()) for key in (tags.FILE_SHA256, tags.FILE_KIND))
            if digest and kind:
                facts.kinds[str(digest)] = str(kind)
        elif role == Role.CONTINUATION:
            facts.differences.append(values)
        elif content.tag == tags.LAYERS.lower():
            facts.layers.setdefault(str(values.get(tags.LAYER_NAME.lower())), values)


def _values(content: SetRecord, row: RowRecord) -> Row:
    pairs = zip(content.columns, row.values, strict=True)
    return {name: value for name, value in pairs if value is not None}


def _without_times(values: Row) -> Row:
    return {name: value for name, value in values.items() if name != tags.TRAINING_STARTED.lower()}


def _metrics(values: Row, own: Mapping[str, str]) -> Row:
    """What Keras measured, by its own names and without the prefix of tests."""
    return {
        own.get(name, name).removeprefix(tags.TEST_METRIC_PREFIX): value
        for name, value in values.items()
        if name not in tags.NOT_METRICS and name != tags.TESTED.lower()
    }


def _distinct(files: Iterable[FileRecord]) -> list[FileRecord]:
    return list({(file.sha256, file.path): file for file in files}.values())
