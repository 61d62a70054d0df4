"""Read what was adapted while runs trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import RefusedError
from ...executions.training_numbers import training_numbers
from ...keras_schema import Role
from ...keras_schema import names as tags
from ...store import Connection
from ...store.comparison.roles import sets_with
from ...store.driver_errors import lacks_rights
from ...store.exact_numbers import exact_rows
from ...store.growth.pending_columns import from_clause
from ...store.layout import DataflowLayout, SetLayout
from ...store.reading import Catalogue
from ...store.schema import table
from ...store.sql import among, identifier, literal, placeholders
from ..run_summary import RunSummary
from ..table import Table

__all__ = ["ADAPTATION_COLUMNS", "adaptations_of"]

ADAPTATION_COLUMNS = (
    "id", "execution", "epoch", "name", "before", "value", "cause", "detail", "optimizer",
    "attribute", "old_value", "new_value", "batch", "person", "reason", "request",
    "training",
)  # fmt: skip

RATE = "learning_rate"

Change = dict[str, Any]
"""Values of the columns of one change."""

STORED = {
    "epoch": tags.EPOCH_ID,
    "before": tags.OLD_RATE,
    "value": tags.NEW_RATE,
    "cause": tags.CAUSE,
    "detail": tags.DETAIL,
    "optimizer": tags.ADAPTED_OPTIMIZER,
    "attribute": tags.ADAPTED_ATTRIBUTE,
    "old_value": tags.OLD_VALUE,
    "new_value": tags.NEW_VALUE,
    "batch": tags.ADAPTED_BATCH,
    "person": tags.PERSON,
    "reason": tags.REASON,
    "request": tags.REQUEST,
}
"""The attribute that holds each column; earlier versions had fewer of them."""


def adaptations_of(connection: Connection, runs: Sequence[RunSummary]) -> Table:
    """The changes of runs, in their order: when, from what to what, and who made them.

    Of a dataflow whose sets this account may not read, nobody is named.
    """
    found = _adapted(connection, runs)
    catalogue = Catalogue(connection)
    for layout in _layouts(connection, catalogue, [run for run in runs if run.id in found]):
        ids = [run.id for run in runs if run.id in found and run.dataflow == layout.tag]
        try:
            found |= _stored(connection, catalogue, layout, ids)
        except RefusedError as error:
            if not lacks_rights(error):
                raise
            connection.rollback()  # MonetDB refuses everything else in this transaction
    _number(connection, catalogue, found)
    rows = [
        {"id": run.id, "execution": run.execution, "name": RATE, **change}
        for run in runs
        for change in _with_values_before(found.get(run.id, []), run)
    ]
    return Table(
        ADAPTATION_COLUMNS, [[row.get(name) for name in ADAPTATION_COLUMNS] for row in rows]
    )


def _adapted(connection: Connection, runs: Sequence[RunSummary]) -> dict[int, list[Change]]:
    """The changes in the table that compares all dataflows, which has no causes.

    Most runs have none; they need no look at the sets of their dataflows.
    """
    rows = connection.query(
        f"SELECT t.df_exec, v.epoch, v.number FROM {table('hyperparameter_value')} AS v "
        f"JOIN {table('task_begun')} AS t ON t.id = v.task_id "
        f"WHERE t.df_exec IN ({placeholders(len(runs))}) AND v.epoch IS NOT NULL "
        f"AND v.name = '{RATE}' ORDER BY v.task_id",
        [run.id for run in runs],
    )
    found: dict[int, list[Change]] = {}
    for id_, epoch, value in rows:
        found.setdefault(id_, []).append({"epoch": int(epoch), "value": value})
    return found


def _layouts(
    connection: Connection, catalogue: Catalogue, runs: Sequence[RunSummary]
) -> list[DataflowLayout]:
    """The dataflows of runs, with no more sets than those of changes, if these are known."""
    tags_ = {run.dataflow for run in runs}
    if not tags_:
        return []
    known = sets_with(connection, Role.ADAPTATIONS.value)
    if known is None:
        return catalogue.layouts(tags_)
    sets = {each for tag in tags_ for each in known.get(tag, ())}
    return catalogue.layouts(tags_, sets) if sets else []


def _stored(
    connection: Connection, catalogue: Catalogue, layout: DataflowLayout, ids: list[int]
) -> dict[int, list[Change]]:
    """The changes of runs of a dataflow, from its sets."""
    found: dict[int, list[Change]] = {}
    for known in layout.sets.values():
        if known.role == Role.ADAPTATIONS and known.task_columns:
            for id_, change in _changes(connection, catalogue, layout, known, ids):
                found.setdefault(id_, []).append(change)
    return found


def _number(connection: Connection, catalogue: Catalogue, found: dict[int, list[Change]]) -> None:
    """Give the changes the number of the training that their task depends on."""
    changes = [each for of_run in found.values() for each in of_run if "task" in each]
    if not changes:
        return
    numbers = training_numbers(connection, catalogue, list(found))
    rows = connection.query(
        f"SELECT task_id, previous_task_id FROM {catalogue.table('task_dependency')} AS d "
        f"WHERE {among('task_id', [each['task'] for each in changes])}"
    )
    trainings = {task: numbers[before] for task, before in rows if before in numbers}
    for each in changes:
        each["training"] = trainings.get(each["task"])


def _changes(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    ids: list[int],
) -> list[tuple[int, Change]]:
    """The rows of a set of changes, each with the id of its run, in the order of recording."""
    columns = [f"s.{identifier(column)}" for column in known.task_columns]
    task = columns[0] if len(columns) == 1 else f"COALESCE({', '.join(columns)})"
    values = "".join(f", s.{identifier(name)}" for name in known.attributes)
    rows = connection.query(
        literal(
            f"SELECT s.id, t.df_exec, t.id{values} FROM {from_clause(layout, known)} s "
            f"JOIN {catalogue.table('task_begun')} t ON t.id = {task} "
        )
        + f"WHERE t.df_exec IN ({placeholders(len(ids))}) ORDER BY s.id",
        ids,
    )
    exact = exact_rows(connection, catalogue.table("exact_number"), known.attributes, rows, 3)
    changes = []
    for _, id_, task, *found in exact:
        row = dict(zip(known.attributes, found, strict=True))
        change = {name: row.get(stored.lower()) for name, stored in STORED.items()}
        if change["epoch"] is not None:
            changes.append((id_, {**change, "epoch": int(change["epoch"]), "task": task}))
    return changes


def _with_values_before(changes: list[Change], run: RunSummary) -> list[Change]:
    """The changes, with the value before also where an earlier version did not store it."""
    last, found = run.hyperparameters.get(RATE), []
    for change in changes:
        before = change.get("before")
        before = last if before is None else before
        found.append({**change, "before": before})
        last = change["value"]
    return found
