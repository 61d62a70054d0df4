"""Rows of sets as entities, sets as collections, and what came of what."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from prov.constants import PROV
from prov.identifier import QualifiedName

from ...executions.record import ExecutionRecord, RowRecord, SetRecord
from ...keras_schema import SETS
from ...keras_schema import names as tags
from ._configurations import Configurations
from ._options import Options
from ._statements import Statements, as_moment
from ._usage import SERIES, TIMES, Reads, event_time

__all__ = ["Rows", "state_rows"]

CONFIGURATION = tags.TRAINING_INPUT.lower()
REVISION = tags.ADAPTATION_OUTPUT.lower()
COLLECTION = PROV["Collection"]


class Rows:
    """The entities of an execution's rows.

    Args:
        statements: to add to.
        record: the execution.
        reads: what its tasks read.
        options: what to hold.
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
        for each in self._record.sets:
            self._collection(each)
            for row in each.rows:
                if self._is_wanted(each, row):
                    self._row(each, row)
        self._usages()
        self._revisions()
        for each in self._record.sets:
            for row in each.rows:
                if row.writer is not None and self._is_wanted(each, row):
                    self._derivations(each, row)

    def sources(self, task: int, except_for: str | None = None) -> Iterator[QualifiedName]:
        """What an output of a task came of: of each set that it read, the one row or all."""
        for tag, events in self._reads.get(task, {}).items():
            if tag == except_for:
                continue
            if len(events) == 1:
                yield self.row_name(events[0].of, events[0].row)
            else:
                yield self.collection_name(tag)

    def row_name(self, of: SetRecord, row: RowRecord) -> QualifiedName:
        """What the entity of a row is called."""
        return self._names.run(self._record.tag, "set", of.tag, row.number)

    def collection_name(self, tag: str) -> QualifiedName:
        """What the collection of a set's rows is called."""
        return self._names.run(self._record.tag, "set", tag)

    def _is_wanted(self, of: SetRecord, row: RowRecord) -> bool:
        if self._options.epochs or of.tag not in SERIES:
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
        names = {CONFIGURATION: "Configuration", REVISION: "Configuration", **SERIES_KINDS}
        return [self._names.term(names[of.tag])] if of.tag in names else []

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
        if of.tag not in SERIES:  # whose derivation from whole sets stands with the sets
            for source in self.sources(
                task, except_for=CONFIGURATION if held is not None else None
            ):
                self._statements.derived(entity, source)

    def _revisions(self) -> None:
        """A changed configuration revises the one before, and its training goes on with it."""
        tasks = {task.id: task for task in self._record.tasks}
        for training, entity, former in self._configurations.revisions():
            self._statements.revised(entity, former)
            self._statements.used(self._names.task(tasks[training]), entity)

    def _configured(self) -> Configurations:
        """The configurations of each training: its own, and those that adaptations made."""
        found = Configurations()
        for each in self._record.sets:
            for row in each.rows:
                if each.tag == CONFIGURATION:
                    for reader in row.readers:
                        found.add(reader, float("-inf"), self.row_name(each, row))
                elif each.tag == REVISION and row.writer is not None:
                    epoch = _epoch(each, row)
                    for training in row.writer.depends_on if epoch is not None else ():
                        found.add(training, epoch or 0.0, self.row_name(each, row))
        return found

    def _configuration_of(self, of: SetRecord, row: RowRecord) -> QualifiedName | None:
        """The configuration that held in an epoch; None for rows of no training."""
        if row.writer is None:
            return None
        epoch = _epoch(of, row) if of.tag in SERIES else None
        return self._configurations.at(row.writer, epoch)


SERIES_KINDS = {each.name: each.series for each in SETS.values() if each.series}


def state_rows(
    statements: Statements, record: ExecutionRecord, reads: Reads, options: Options
) -> Rows:
    """State what the execution's tasks read and wrote."""
    rows = Rows(statements, record, reads, options)
    rows.state()
    return rows


def _values(of: SetRecord, row: RowRecord) -> dict[str, Any]:
    """A row's values by attribute, its time stamp as one."""
    values = dict(zip(of.columns, row.values, strict=True))
    column = TIMES.get(of.tag)
    if column in values:
        values[column] = as_moment(values[column]) or values[column]
    return values


def _epoch(of: SetRecord, row: RowRecord) -> float | None:
    """The epoch of a row; None where it has none, as in a set of a user's own of that name."""
    column = tags.EPOCH_ID.lower()
    value = row.values[of.columns.index(column)] if column in of.columns else None
    return value if isinstance(value, int | float) and not math.isnan(value) else None
