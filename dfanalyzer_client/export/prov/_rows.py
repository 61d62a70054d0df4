"""Rows of sets as entities, sets as collections, and what they were derived from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from prov.constants import PROV
from prov.identifier import QualifiedName

from ...executions.record import ExecutionRecord, RowRecord, SetRecord
from ...keras_schema import Role
from ...keras_schema import names as tags
from ...store.comparison.values import EPOCHS
from ._configurations import Configurations
from ._options import Options
from ._statements import Statements, as_moment
from ._usage import TIMES, Reads, event_time, series_of

__all__ = ["Rows", "state_rows"]

MANY_ROWS = 100
"""A derivation from each of more rows would make documents too large: from the set, then."""

OPTIMIZERS = tags.OPTIMIZERS.lower()
COLLECTION = PROV["Collection"]


class Rows:
    """The entities of an execution's rows.

    Args:
        statements: collects the statements.
        record: the execution.
        reads: what its tasks read.
        options: what the document is to contain.
    """

    def __init__(
        self, statements: Statements, record: ExecutionRecord, reads: Reads, options: Options
    ) -> None:
        self._statements, self._record, self._reads = statements, record, reads
        self._names, self._options = statements.names, options
        self._read = {
            (tag, event.row.number)
            for sets in reads.values()
            for tag, events in sets.items()
            for event in events
        }
        self._configurations = self._configured()

    def state(self) -> None:
        """State the entities, who generated and used them, and what they were derived from."""
        for content in self._record.sets:
            self._collection(content)
            for row in content.rows:
                if self._is_wanted(content, row):
                    self._row(content, row)
        self._usages()
        self._revisions()
        for content in self._record.sets:
            for row in content.rows:
                if row.writer is not None and self._is_wanted(content, row):
                    self._derivations(content, row)

    def sources(self, task: int, except_configurations: bool = False) -> Iterator[QualifiedName]:
        """What an output of a task was derived from: for every set read, its rows or the set.

        It is the set if the task read several rows, and there are no others, or very many.
        """
        for tag, events in self._reads.get(task, {}).items():
            if except_configurations and _is_configuration(events[0].of):
                continue
            is_whole = 1 < len(events) == len(events[0].of.rows)
            if is_whole or len(events) > MANY_ROWS:
                yield self.collection_name(tag)
            else:
                yield from (self.row_name(event.of, event.row) for event in events)

    def row_name(self, of: SetRecord, row: RowRecord) -> QualifiedName:
        """The name of a row's entity."""
        return self._names.run(self._record.tag, "set", of.tag, row.number)

    def collection_name(self, tag: str) -> QualifiedName:
        """The name of the collection of a set's rows."""
        return self._names.run(self._record.tag, "set", tag)

    def _is_wanted(self, of: SetRecord, row: RowRecord) -> bool:
        if self._options.epochs or series_of(of) is None:
            return True
        return (of.tag, row.number) in self._read or row is of.rows[-1]

    def _collection(self, of: SetRecord) -> None:
        self._statements.entity(
            self.collection_name(of.tag),
            f"{of.tag} of {self._record.tag}",
            [COLLECTION, self._names.term("Set")],
            {"set": of.tag, "rows": len(of.rows)},
        )

    def _row(self, of: SetRecord, row: RowRecord) -> None:
        entity = self._statements.entity(
            self.row_name(of, row),
            f"{of.tag} {row.number}",
            [self._names.term("Element"), *self._kinds(of)],
            {"set": of.tag, "row": row.number},
            _values(of, row),
        )
        self._statements.member(self.collection_name(of.tag), entity)
        if row.writer is not None:
            self._statements.generated(entity, self._names.task(row.writer), event_time(of, row))

    def _kinds(self, of: SetRecord) -> list[QualifiedName]:
        is_configuration = _is_configuration(of) or of.layout.role == Role.ADAPTATIONS
        name = "Configuration" if is_configuration else series_of(of)
        return [self._names.term(name)] if name is not None else []

    def _usages(self) -> None:
        for task in self._record.tasks:
            activity = self._names.task(task)
            for events in self._reads.get(task.id, {}).values():
                for event in events:
                    time = event.time if event.row.writer is None else None
                    self._statements.used(activity, self.row_name(event.of, event.row), time)

    def _derivations(self, of: SetRecord, row: RowRecord) -> None:
        entity, task = self.row_name(of, row), row.writer.id if row.writer else 0
        held = self._configuration_of(of, row)
        if held is not None:
            self._statements.derived(entity, held)
        if series_of(of) is None:  # for a series, the derivation is stated once, for its set
            for source in self.sources(task, except_configurations=held is not None):
                self._statements.derived(entity, source)

    def _revisions(self) -> None:
        """State that an adapted configuration revises the one before, and its training used it."""
        tasks = {task.id: task for task in self._record.tasks}
        for training, entity, former in self._configurations.revisions():
            self._statements.revised(entity, former)
            self._statements.used(self._names.task(tasks[training]), entity)

    def _configured(self) -> Configurations:
        """The configurations of all trainings: the initial ones, and those of adaptations."""
        found = Configurations()
        for content in self._record.sets:
            for row in content.rows:
                if _is_configuration(content):
                    for reader in row.readers:
                        found.add(reader, float("-inf"), self.row_name(content, row))
                elif content.layout.role == Role.ADAPTATIONS and row.writer is not None:
                    epoch = _epoch(content, row)
                    for training in row.writer.depends_on if epoch is not None else ():
                        found.add(training, epoch or 0.0, self.row_name(content, row))
        return found

    def _configuration_of(self, of: SetRecord, row: RowRecord) -> QualifiedName | None:
        """The configuration that applied in a row's epoch; None if no training wrote the row."""
        if row.writer is None:
            return None
        epoch = _epoch(of, row) if series_of(of) is not None else None
        return self._configurations.at(row.writer, epoch)


def state_rows(
    statements: Statements, record: ExecutionRecord, reads: Reads, options: Options
) -> Rows:
    """State what the execution's tasks read and wrote."""
    rows = Rows(statements, record, reads, options)
    rows.state()
    return rows


def _is_configuration(of: SetRecord) -> bool:
    """Whether a training reads its configuration there; that of an optimizer of several is less."""
    return of.layout.role == Role.HYPERPARAMETERS and of.tag != OPTIMIZERS


def _values(of: SetRecord, row: RowRecord) -> dict[str, Any]:
    """A row's values by attribute, with its time stamp as a datetime."""
    values = dict(zip(of.columns, row.values, strict=True))
    column = TIMES.get(of.tag)
    if column in values:
        values[column] = as_moment(values[column]) or values[column]
    return values


def _epoch(of: SetRecord, row: RowRecord) -> float | None:
    """The epoch of a row; None if it has none, as in a user's set with the name of ours."""
    column = next((name for name in EPOCHS if name in of.columns), None)
    value = row.values[of.columns.index(column)] if column is not None else None
    return value if isinstance(value, int | float) and not math.isnan(value) else None
