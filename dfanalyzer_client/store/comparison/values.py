"""Hyperparameters and metrics of all dataflows, one per row, so that executions can be compared.

Every value is stored in its dataflow's own table, and again in ``hyperparameter_value`` or
``metric_value``, for the views ``hyperparameters`` and ``metrics``. A view over the tables of the
dataflows would store nothing twice; but with 1,000 dataflows of 40 attributes it took 14 s to query
and 5 s to recreate whenever a dataflow was added (these tables take 0.1 s, and nothing).

Hyperparameters are the attributes of sets with that role, such as ``iTrainingModel``, and, where
there is a training, of the sets of the user's domain that no transformation writes; the parameters
of a search's trial; and the learning rates of ``oAdaptation``. Metrics are the numbers of sets with
the roles epochs and tests, such as ``oTrainingModel`` and ``oTestingModel``. Those of tests begin
with ``otest_``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...keras_schema import Role
from ...keras_schema import names as tags
from ..connection import Connection
from ..growth.pending_columns import from_clause
from ..layout import DataflowLayout, SetLayout
from ..schema import PUBLIC, names_in, table
from ..sql import identifier, literal, placeholders
from .metric_summaries import summarize_dataflows

__all__ = ["EPOCHS", "NO_METRICS", "Compared", "backfill", "compare", "compare_anew", "trains"]

OF_TRAININGS = frozenset({Role.HYPERPARAMETERS.value, Role.EPOCHS.value})
MEASURED = frozenset({Role.EPOCHS.value, Role.TESTS.value})
EPOCHS = (tags.EPOCH_ID.lower(), "epoch")
"""Attributes that number epochs; DLProv and the predecessor's first versions have `epoch`."""

TEST_NAME = (
    f"CASE WHEN a.name LIKE '{tags.TEST_METRIC_PREFIX.replace('_', '#_')}%' ESCAPE '#' "
    f"THEN a.name ELSE '{tags.TEST_METRIC_PREFIX}' || a.name END"
)
"""The name of what a test measured, of the attribute ``a``."""

NO_METRICS = tags.NOT_METRICS | set(EPOCHS)
"""Attributes of epochs and tests that are no metrics."""

STAMPS = frozenset({tags.TRAINING_STARTED.lower(), "timestamp"})
NEW_RATE, RATE = tags.NEW_RATE.lower(), tags.LEARNING_RATE.lower()
HYPERPARAMETER_COLUMNS = ("task_id", "name", "value", "number", "epoch")
METRIC_COLUMNS = ("task_id", "name", "value", "exact", "epoch")


@dataclass
class Compared:
    """Rows of ``hyperparameter_value`` and of ``metric_value``."""

    hyperparameters: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)


def compare(
    layout: DataflowLayout,
    known: SetLayout,
    columns: Mapping[str, Any],
    exact: Mapping[int, str],
    task: int,
    into: Compared,
) -> None:
    """Add the hyperparameters or metrics of one row of a set.

    Args:
        layout: the dataflow.
        known: its set.
        columns: the row's values by column.
        exact: numbers that a DOUBLE cannot hold, by the attribute's id.
        task: id of the task that wrote the row.
        into: collects the rows.
    """
    epoch = columns.get(_epoch(known) or "")
    if _is_trial(known):
        if columns.get("name") is not None:  # a trial that asks for nothing has a row, too
            row = columns["name"], columns.get("value"), columns.get("number"), epoch
            into.hyperparameters.append(_row(HYPERPARAMETER_COLUMNS, task, *row))
        return
    for name in _compared(layout, known):
        attribute = known.attributes[name]
        value, text = columns.get(name), exact.get(attribute.id)
        if value is None and text is None:
            continue
        if known.role in MEASURED:
            row = _name(known, name), value, text, epoch
            into.metrics.append(_row(METRIC_COLUMNS, task, *row))
        else:
            number = value if attribute.type == "NUMERIC" else None
            row = _name(known, name), text or _text(value), number, epoch
            into.hyperparameters.append(_row(HYPERPARAMETER_COLUMNS, task, *row))


def backfill(connection: Connection, layout: DataflowLayout) -> None:
    """Add the values that the tables of a dataflow already hold."""
    for known in layout.sets.values():
        if _is_trial(known):
            connection.execute(_trial_statement(layout, known))
        names = _compared(layout, known)
        if names:
            statement, parameters = _statement(layout, known, names)
            connection.execute(statement, parameters)
    if _has_summaries(connection):
        summarize_dataflows(connection, [layout.id])


def compare_anew(connection: Connection, layout: DataflowLayout) -> None:
    """Replace the values of a dataflow, because a set that has rows got a role."""
    more = ["metric_summary"] if _has_summaries(connection) else []
    for name in ["hyperparameter_value", "metric_value", *more]:
        connection.execute(
            f"DELETE FROM {table(name)} WHERE task_id IN (SELECT t.id FROM {table('task_begun')} t "
            f"JOIN {table('data_transformation')} d ON d.id = t.dt_id WHERE d.df_id = %s)",
            [layout.id],
        )
    backfill(connection, layout)


def _has_summaries(connection: Connection) -> bool:
    """Whether there are summaries: catalogues have them from version 6 on."""
    return "metric_summary" in names_in(connection, PUBLIC)


def _compared(layout: DataflowLayout, known: SetLayout) -> list[str]:
    """The attributes of a set that are compared."""
    if known.role in MEASURED:
        return [
            name
            for name, attribute in known.attributes.items()
            if attribute.type == "NUMERIC" and name not in NO_METRICS
        ]
    if known.role == Role.ADAPTATIONS:
        return [NEW_RATE] if NEW_RATE in known.attributes else []
    if known.role == Role.HYPERPARAMETERS:
        return [name for name in known.attributes if name not in STAMPS]
    is_domain = known.role is None and not known.producers
    return list(known.attributes) if is_domain and trains(layout) else []


def trains(layout: DataflowLayout) -> bool:
    """Whether a dataflow has trainings."""
    return any(known.role in OF_TRAININGS for known in layout.sets.values())


def _epoch(known: SetLayout) -> str | None:
    """The attribute that holds the epoch of a row; None if there is none."""
    numbers = [name for name, attribute in known.attributes.items() if attribute.type == "NUMERIC"]
    return next((name for name in EPOCHS if name in numbers), None)


def _is_trial(known: SetLayout) -> bool:
    return known.role == Role.TRIAL and known.attributes.keys() >= {"name", "value", "number"}


def _name(known: SetLayout, name: str) -> str:
    if known.role == Role.TESTS and not name.startswith(tags.TEST_METRIC_PREFIX):
        return tags.TEST_METRIC_PREFIX + name
    return RATE if known.role == Role.ADAPTATIONS else name


def _row(names: tuple[str, ...], *values: Any) -> dict[str, Any]:
    return dict(zip(names, values, strict=True))


def _text(value: Any) -> str:
    """A value as MonetDB casts it to TEXT."""
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


def _statement(layout: DataflowLayout, known: SetLayout, names: list[str]) -> tuple[str, list[Any]]:
    """An INSERT of a row for each of `names` in each row of a set."""
    numeric = [name for name in names if known.attributes[name].type == "NUMERIC"]
    number = _choice(known, numeric, "s.{}") if numeric else "CAST(NULL AS DOUBLE)"
    if known.role in MEASURED:
        target, filled = "metric_value", METRIC_COLUMNS
        name = TEST_NAME if known.role == Role.TESTS else "a.name"
        columns, present = f"{name}, {number}, x.value", number
    else:
        target, filled = "hyperparameter_value", HYPERPARAMETER_COLUMNS
        present = _choice(known, names, "CAST(s.{} AS TEXT)")
        name = f"'{RATE}'" if known.role == Role.ADAPTATIONS else "a.name"
        columns = f"{name}, COALESCE(x.value, {present}), {number}"
    epoch = _epoch(known)
    ids = [known.attributes[name].id for name in names]
    statement = (
        f"INSERT INTO {table(target)} ({', '.join(map(identifier, filled))}) "
        f"SELECT {_task(known)}, {columns}, "
        f"{'CAST(NULL AS DOUBLE)' if epoch is None else f's.{identifier(epoch)}'} "
        f"FROM {from_clause(layout, known)} s CROSS JOIN {table('attribute')} a "
        f"LEFT JOIN {table('exact_number')} x ON x.attribute_id = a.id AND x.element_id = s.id "
        f"WHERE ({present} IS NOT NULL OR x.value IS NOT NULL) AND a.id IN "
    )
    return literal(statement) + f"({placeholders(len(ids))})", ids


def _choice(known: SetLayout, names: list[str], form: str) -> str:
    """An expression for the column of the attribute ``a``."""
    cases = [
        f"WHEN {known.attributes[name].id} THEN {form.format(identifier(name))}" for name in names
    ]
    return f"CASE a.id {' '.join(cases)} END"


def _trial_statement(layout: DataflowLayout, known: SetLayout) -> str:
    return (
        f"INSERT INTO {table('hyperparameter_value')} "
        '("task_id", "name", "value", "number") '
        f'SELECT {_task(known)}, s."name", s."value", s."number" '
        f'FROM {from_clause(layout, known)} s WHERE s."name" IS NOT NULL'
    )


def _task(known: SetLayout) -> str:
    writers = [f"s.{identifier(f'{tag}_task_id')}" for tag in (*known.producers, *known.consumers)]
    return writers[0] if len(writers) == 1 else f"COALESCE({', '.join(writers)})"
