"""Read the parts of one run: the rows of its sets, its tasks and its files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..errors import UnknownTagError
from ..executions.last_epochs import metric_names
from ..executions.layers import LAYER_COLUMNS, REQUIRED, layers_by_training
from ..executions.own_names import OwnNames
from ..executions.steering import SteeringRow, steering_of
from ..executions.training_numbers import training_numbers
from ..keras_schema import Role, find_set
from ..keras_schema import names as tags
from ..store import Connection
from ..store.exact_numbers import exact_rows
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout, SetLayout
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import identifier, literal
from .table import Table

__all__ = [
    "TRAINING",
    "derived_from",
    "epoch_table",
    "files",
    "later_epochs",
    "layer_table",
    "role_table",
    "rows_by_task",
    "set_table",
    "sets",
    "steering_as_table",
    "steering_table",
    "tasks",
]

TRAINING = "training"
"""The column with the number of the training that a row is of."""


def set_table(connection: Connection, dataflow: str, execution: int, tag: str) -> Table:
    """The rows of a set that tasks of the execution wrote or read; raises UnknownTagError."""
    names, rows = _set_rows(connection, dataflow, execution, tag)
    return Table(names, [row[1:] for row in rows])


def _set_rows(
    connection: Connection, dataflow: str, execution: int, tag: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of a set's attributes, and its rows behind their tasks' ids; raises UnknownTagError."""
    catalogue, layout = _opened(connection, dataflow)
    known = layout.sets.get(tag.lower())
    if known is None:
        if find_set(tag) is not None:
            return [], []
        raise UnknownTagError(
            f"Dataflow {dataflow!r} has no set {tag!r}. It has: {', '.join(layout.sets)}."
        )
    names, rows = _rows(connection, catalogue, layout, known, execution)
    return names, [row[1:] for row in rows]


def role_table(connection: Connection, dataflow: str, execution: int, role: Role) -> Table:
    """The rows of all sets with a role; a test's metrics have their own names."""
    is_test = role == Role.TESTS
    found = [row for _, row in _role_rows(connection, dataflow, execution, role, renamed=is_test)]
    names = _present(found)
    return Table(names, [[row.get(name) for name in names] for row in found])


def rows_by_task(
    connection: Connection, dataflow: str, execution: int, role: Role
) -> list[tuple[int, dict[str, Any]]]:
    """The rows of all sets with a role, each behind the id of its task."""
    return _role_rows(connection, dataflow, execution, role)


def epoch_table(connection: Connection, dataflow: str, execution: int) -> Table:
    """The epochs, with the number of their training; metrics have their own names."""
    found = later_epochs(connection, dataflow, execution, {})
    numbers = training_numbers(connection, Catalogue(connection), [execution])
    names = _present(row for _, row in found)
    rows = [[numbers.get(task), *(row.get(name) for name in names)] for task, row in found]
    return Table([TRAINING, *names], rows)


def layer_table(connection: Connection, dataflow: str, execution: int) -> Table:
    """The layers of the models that an execution trained, a row for each."""
    names, rows = _set_rows(connection, dataflow, execution, tags.LAYERS)
    if rows and not set(names) >= REQUIRED:
        return Table(names, [row[1:] for row in rows])
    numbers = training_numbers(connection, Catalogue(connection), [execution])
    stored = [(row[0], dict(zip(names, row[1:], strict=True))) for row in rows]
    layers = layers_by_training(stored, numbers)
    return Table(LAYER_COLUMNS, [[each[name] for name in LAYER_COLUMNS] for each in layers])


def later_epochs(
    connection: Connection, dataflow: str, execution: int, seen: dict[str, int]
) -> list[tuple[int, dict[str, Any]]]:
    """The epochs that were stored after those in `seen`, each with the id of its task.

    Args:
        connection: to the database.
        dataflow: the run's dataflow.
        execution: the run.
        seen: the highest id of each set; it is updated.
    """
    return _role_rows(connection, dataflow, execution, Role.EPOCHS, seen, renamed=True)


def _role_rows(
    connection: Connection,
    dataflow: str,
    execution: int,
    role: Role,
    seen: dict[str, int] | None = None,
    *,
    renamed: bool = False,
) -> list[tuple[int, dict[str, Any]]]:
    """The rows of sets with a role; with `renamed`, metrics have their own names."""
    catalogue, layout = _opened(connection, dataflow)
    seen = {} if seen is None else seen
    found: list[tuple[int, dict[str, Any]]] = []
    for known in layout.sets.values():
        if known.role != role:
            continue
        names, rows = _rows(connection, catalogue, layout, known, execution, seen.get(known.tag))
        if not rows:
            continue
        seen[known.tag] = rows[-1][0]
        if renamed:
            names = _own_names(connection, catalogue, layout, known, execution)
        found += [(row[1], dict(zip(names, row[2:], strict=True))) for row in rows]
    return found


def _own_names(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    execution: int,
) -> list[str]:
    """The metrics' own names in place of their attributes, but for one that an attribute has."""
    if known.role == Role.EPOCHS:
        own = metric_names(connection, catalogue, layout, known, [execution])
    else:
        found = OwnNames(connection, catalogue).of([execution])
        own = {key: name for key, name in found.items() if name not in known.attributes}
    return [own.get((execution, name), name) for name in known.attributes]


def _present(rows: Iterable[dict[str, Any]]) -> list[str]:
    """The columns in which some row has a value."""
    return list(
        dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    )


def sets(connection: Connection, dataflow: str, execution: int) -> list[str]:
    """Tags of the sets that have rows of the execution."""
    catalogue, layout = _opened(connection, dataflow)
    return [
        known.tag
        for known in layout.sets.values()
        if _rows(connection, catalogue, layout, known, execution)[1]
    ]


def tasks(connection: Connection, execution: int) -> Table:
    """The tasks of an execution."""
    catalogue = Catalogue(connection)
    rows = connection.query(
        "SELECT x.tag, b.identifier, COALESCE(e.status, b.status), b.began, e.ended, "
        f"COALESCE(e.error_msg, b.error_msg) FROM {catalogue.table('task_begun')} AS b "
        f"JOIN {catalogue.table('data_transformation')} AS x ON x.id = b.dt_id "
        f"LEFT JOIN {catalogue.table('task_ended')} AS e ON e.task_id = b.id "
        "WHERE b.df_exec = %s ORDER BY b.id",
        [execution],
    )
    return Table(["transformation", "task", "status", "began", "ended", "error"], rows)


def files(connection: Connection, execution: int) -> Table:
    """The files that an execution read and wrote."""
    catalogue = Catalogue(connection)
    known = catalogue.columns("file")
    columns = [name for name in ("name", "path", "mode", "size", "sha256") if name in known]
    if not columns:
        return Table([], [])
    selected = ", ".join(f"f.{identifier(name)}" for name in columns)
    rows = connection.query(
        f"SELECT {selected} FROM {catalogue.table('file')} AS f "
        f"JOIN {catalogue.table('task_begun')} AS t ON t.id = f.task_id "
        "WHERE t.df_exec = %s ORDER BY f.id",
        [execution],
    )
    return Table(columns, rows)


def steering_table(connection: Connection, execution: int, *, is_over: bool) -> Table:
    """What was asked of an execution, in the order in which it arrived.

    Args:
        connection: to the database.
        execution: its id.
        is_over: whether it has ended; then what still waits is ``not answered``.
    """
    return steering_as_table(steering_of(connection, execution, is_over=is_over))


def steering_as_table(rows: Iterable[SteeringRow]) -> Table:
    """Requests as a table, with their values as they are in Python."""
    found = [row._asdict() for row in rows]
    for row in found:
        for name in ("value", "old_value", "new_value"):
            row[name] = None if row[name] is None else json.loads(row[name])
    return Table(SteeringRow._fields, [list(row.values()) for row in found])


def derived_from(connection: Connection, execution: int) -> list[str]:
    """Tags of the executions that this one was derived from."""
    if Catalogue(connection).is_predecessors:
        return []
    rows = connection.query(
        f"SELECT DISTINCT l.previous_execution FROM {table('lineage')} AS l "
        "WHERE l.df_exec = %s AND l.previous_execution IS NOT NULL ORDER BY l.previous_execution",
        [execution],
    )
    return [tag for (tag,) in rows]


def _opened(connection: Connection, dataflow: str) -> tuple[Catalogue, DataflowLayout]:
    catalogue = Catalogue(connection)
    layout = catalogue.layout(dataflow)
    if layout is None:
        raise UnknownTagError(f"There is no dataflow {dataflow!r}.")
    return catalogue, layout


def _rows(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    execution: int,
    after: int | None = None,
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names of a set's attributes, and its rows in the execution, behind their and the task's id.

    With `after`, only the rows with higher ids.
    """
    names = list(known.attributes)
    columns = [f"s.{identifier(column)}" for column in known.task_columns]
    if not columns:
        return names, []
    task = columns[0] if len(columns) == 1 else f"COALESCE({', '.join(columns)})"
    values = "".join(f", s.{identifier(name)}" for name in names)
    rows = connection.query(
        literal(
            f"SELECT s.id, t.id{values} FROM {from_clause(layout, known)} s "
            f"JOIN {catalogue.table('task_begun')} t ON t.id = {task} "
        )
        + f"WHERE t.df_exec = %s {'' if after is None else 'AND s.id > %s '}ORDER BY s.id",
        [execution] if after is None else [execution, after],
    )
    exact = exact_rows(connection, catalogue.table("exact_number"), known.attributes, rows, 2)
    return names, list(exact)
