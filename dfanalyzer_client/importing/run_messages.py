"""One run as messages of a dataflow and its tasks: those parts that are not stored yet."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, islice
from typing import Any

from ..annotations import Named, say_note, say_tags
from ..declarations.messages import DataSetMessage, TaskMessage
from ..delivery.client import Client
from ..errors import DefinitionError
from ..keras_schema import SETS
from ..keras_schema import names as tags
from ..keras_schema.metric_attributes import renamed_rows
from ..masking import captured_row
from ..task_status import ENDED, TaskStatus
from .attributes import Attributes
from .declared import dataflow_message
from .foreign_run import Fact, ForeignRun, Kind
from .metric_rows import MetricRows
from .recorded_files import FILE_COLUMNS, file_messages
from .spool import Spool, SpooledRow
from .stored import STATE, StoredExecution
from .times import stamp

__all__ = ["RunMessages"]

ROWS_PER_MESSAGE = 500
TAG, NOTE = "tag", "note"
"""Kinds of facts that are tags and notes as well."""


class RunMessages:
    """Sends what is new of a run.

    A training that has ended stays as it is: what its run measured since is a further training of
    the same execution, and so is each time that it began again in the same record.

    Args:
        client: sends the messages.
        run: the run.
        dataflow: the tag of its dataflow.
        attributes: of the dataflow's sets.
        stored: what is stored of the run.
        spool: what was measured.
    """

    def __init__(
        self,
        client: Client,
        run: ForeignRun,
        dataflow: str,
        attributes: Attributes,
        stored: StoredExecution,
        spool: Spool,
    ) -> None:
        self._client, self._run, self._dataflow, self._stored = client, run, dataflow, stored
        self._attributes = attributes
        self._metrics = {kind: MetricRows(kind, spool, attributes, stored) for kind in Kind}
        self._hyperparameters = attributes.of_hyperparameters(run.hyperparameters)
        self._trainings = stored.tasks.get(tags.TRAINING.lower(), 0)
        self._is_open = stored.is_open
        self._has_epochs = not stored.is_open and self._trainings > 0
        self._last: float | None = None
        self._said: list[Fact] = []

    def send(self, state: str) -> None:
        """Send all that is new, and at the end that `state` is stored."""
        self._declare()
        inputs = self._inputs()
        if not self._trainings:
            self._begin(self._run.began, inputs)
        elif inputs:
            self._say({"sets": inputs})
        self._annotate()
        self._send_epochs()
        for kind in (Kind.BATCH, Kind.SYSTEM):
            for _, rows in _chunks(self._metrics[kind].rows()):
                self._say({"sets": [self._data(kind, rows)]})
        self._send_tests()
        self._send_files()
        end = self._end(self._run.status, self._run.ended) if self._is_open else {}
        done = _rows(tags.ENVIRONMENT, [(*STATE, state)])
        self._say({"sets": [done], **end})

    def _declare(self) -> None:
        run = self._run
        types: dict[str, dict[str, str]] = {}
        types[tags.TRAINING_INPUT] = {
            name: self._attributes.type_of(tags.TRAINING_INPUT, name)
            for name in self._hyperparameters.values()
        }
        types[tags.ENVIRONMENT] = {}
        for kind, metrics in self._metrics.items():
            if kind is Kind.EPOCH or not metrics.is_empty:
                types[metrics.output] = metrics.grown
        present = {
            tags.DATASET: run.data,
            tags.SAVED_FILE: run.files,
            tags.METRIC_NAMES: self._names,
        }
        types |= {tag: {} for tag, rows in present.items() if rows}
        self._client.save_dataflow(dataflow_message(self._dataflow, run.tag, types))

    @property
    def _names(self) -> list[tuple[str, str, str]]:
        """What is stored under another name, and not said yet: set, attribute and name."""
        found = renamed_rows(
            tags.TRAINING_INPUT, {a: name for name, a in self._hyperparameters.items()}
        )
        for kind, metrics in self._metrics.items():
            prefix = tags.TEST_METRIC_PREFIX if kind is Kind.TEST else ""
            whole = {attribute: f"{prefix}{name}" for attribute, name in metrics.names.items()}
            found += renamed_rows(metrics.output, whole, prefix)
        rows = [(row[tags.OF_SET], row[tags.ATTRIBUTE], row[tags.METRIC]) for row in found]
        return [row for row in rows if row[1] not in self._stored.renamed.get(row[0], {})]

    def _inputs(self) -> list[DataSetMessage]:
        """Hyperparameters, where the run came from, and its data."""
        sets = []
        new = {
            attribute: self._run.hyperparameters[name]
            for name, attribute in self._hyperparameters.items()
            if attribute not in self._stored.hyperparameters
        }
        if new or not self._trainings:
            columns = [tags.TRAINING_STARTED, *new]
            row = captured_row(columns, [stamp(self._run.began), *new.values()])
            sets.append(_data(tags.TRAINING_INPUT, columns, [row]))
        facts = _rows(tags.ENVIRONMENT, self._facts(), self._stored.facts)
        self._said = [(kind, name, value) for kind, name, value in facts["elements"]]
        sets.append(facts)
        sets.append(_rows(tags.METRIC_NAMES, self._names))
        columns = list(SETS[tags.DATASET].names)
        data = [
            captured_row(columns, [row.get(name) for name in columns]) for row in self._run.data
        ]
        key = [columns.index(name) for name in ("ROLE", "NAME", "HASH")]
        fresh = [row for row in data if tuple(row[i] for i in key) not in self._stored.data]
        sets.append(_data(tags.DATASET, columns, fresh))
        return [each for each in sets if each["elements"]]

    def _facts(self) -> list[Fact]:
        said = [(TAG, name, value) for name, value in self._run.tags.items()]
        note = [(NOTE, "text", self._run.note)] if self._run.note else []
        return [*self._run.facts, *said, *note]

    def _annotate(self) -> None:
        """Say the tags and the note that the tool has since the last import.

        One that was changed here meanwhile stays so, as the facts tell what the tool had before.
        """
        execution = Named(self._dataflow.lower(), self._run.tag)
        for kind, name, value in self._said:
            if kind == NOTE:
                say_note(self._client, execution, value)
            elif kind == TAG:
                with contextlib.suppress(DefinitionError):  # it is a fact, under any name
                    say_tags(self._client, execution, {name: value})

    def _send_epochs(self) -> None:
        metrics = self._metrics[Kind.EPOCH]
        for _, rows in groupby(metrics.rows(), key=lambda found: found[0].segment):
            first = next(rows)
            if self._has_epochs:
                self._begin_again(first[0].time)
            self._has_epochs = True
            for last, chunk in _chunks(chain([first], rows)):
                self._say({"sets": [self._data(Kind.EPOCH, chunk)]})
                self._last = last

    def _begin(self, began: float | None, sets: list[DataSetMessage]) -> None:
        self._trainings, self._is_open = 1, True
        parents = [tag for tag in self._run.parents if tag not in self._stored.parents]
        self._say({"sets": sets, "startTime": stamp(began), "derivedFrom": parents})

    def _begin_again(self, began: float | None) -> None:
        if self._is_open:
            self._say(self._end(TaskStatus.FINISHED, self._last))
        self._trainings, self._is_open = self._trainings + 1, True
        before = _depends_on(tags.TRAINING, self._trainings - 1)
        self._say({"startTime": stamp(began), "dependency": before})

    def _end(self, status: TaskStatus, ended: float | None) -> dict[str, Any]:
        """What the last message of a training says; nothing of one that runs."""
        if status not in ENDED:
            return {}
        when = stamp(ended if ended is not None else self._last)
        return {"status": status.value, "performances": [{"startTime": None, "endTime": when}]}

    def _send_tests(self) -> None:
        number = self._stored.tasks.get(tags.TESTING.lower(), 0) + 1
        began: float | None = None
        for last, rows in _chunks(self._metrics[Kind.TEST].rows()):
            began = began if began is not None else last
            self._say(
                {"sets": [self._data(Kind.TEST, rows)], **self._done(began, last)},
                tags.TESTING,
                number,
            )
            number += 1

    def _send_files(self) -> None:
        number = self._stored.tasks.get(tags.SAVING.lower(), 0) + 1
        found = file_messages(self._run.files, self._stored.files)
        for files in iter(lambda: list(islice(found, ROWS_PER_MESSAGE)), []):
            rows = [captured_row(FILE_COLUMNS, row) for _, row in files]
            message = {
                "sets": [_data(tags.SAVED_FILE, FILE_COLUMNS, rows)],
                "files": [file for file, _ in files],
                **self._done(self._run.ended, self._run.ended),
            }
            self._say(message, tags.SAVING, number)
            number += 1

    def _done(self, began: float | None, ended: float | None) -> dict[str, Any]:
        """What the only message of a task says that followed the training."""
        return {
            "status": TaskStatus.FINISHED.value,
            "startTime": stamp(began),
            "performances": [{"startTime": stamp(began), "endTime": stamp(ended)}],
            "dependency": _depends_on(tags.TRAINING, self._trainings),
        }

    def _data(self, kind: Kind, rows: list[list[Any]]) -> DataSetMessage:
        metrics = self._metrics[kind]
        return _data(metrics.output, metrics.columns, rows)

    def _say(
        self, parts: dict[str, Any], transformation: str = tags.TRAINING, number: int | None = None
    ) -> None:
        """Send a message of a task; by default of the training."""
        ready = self._run.status is TaskStatus.READY
        message: TaskMessage = {
            "id": str(self._trainings if number is None else number),
            "exec": self._run.tag,
            "dataflow": self._dataflow.lower(),
            "transformation": transformation.lower(),
            "status": (TaskStatus.READY if ready else TaskStatus.RUNNING).value,
            "sets": [],
        }
        filled = {name: part for name, part in parts.items() if part or name == "sets"}
        self._client.save_task({**message, **filled})  # type: ignore[typeddict-item]  # the parts are its keys


def _rows(
    tag: str, rows: Iterable[Sequence[Any]], stored: set[Fact] | frozenset[Fact] = frozenset()
) -> DataSetMessage:
    """Rows with all columns of one of Keras-Prov's sets, but those that are stored."""
    columns = list(SETS[tag].names)
    masked = [captured_row(columns, row) for row in rows]
    return _data(tag, columns, [row for row in masked if tuple(row) not in stored])


def _data(tag: str, columns: Sequence[str], rows: list[list[Any]]) -> DataSetMessage:
    names = [column.lower() for column in columns]
    return {"tag": tag.lower(), "elements": rows, "attributes": names}


def _depends_on(transformation: str, number: int) -> dict[str, Any]:
    return {"tags": [{"tag": transformation.lower()}], "ids": [{"id": str(number)}]}


def _chunks(
    rows: Iterator[tuple[SpooledRow, list[Any]]],
) -> Iterator[tuple[float | None, list[list[Any]]]]:
    """Rows for one message each, and when the last of them was measured."""
    for chunk in iter(lambda: list(islice(rows, ROWS_PER_MESSAGE)), []):
        yield chunk[-1][0].time, [values for _, values in chunk]
