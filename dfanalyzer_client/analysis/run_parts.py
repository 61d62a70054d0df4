"""Read the parts of one run: the rows of its sets, its tasks and its files."""

from __future__ import annotations

from typing import Any

from ..errors import UnknownTagError
from ..executions.last_epochs import metric_names
from ..keras_schema import Role, find_set
from ..store import Connection
from ..store.exact_numbers import exact_rows
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout, SetLayout
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import identifier, literal
from .table import Table

__all__ = ["derived_from", "files", "later_epochs", "role_table", "set_table", "sets", "tasks"]


def set_table(connection: Connection, dataflow: str, execution: int, tag: str) -> Table:
    """The rows of a set that tasks of the execution wrote or read; raises UnknownTagError."""
    catalogue, layout = _opened(connection, dataflow)
    known = layout.sets.get(tag.lower())
    if known is None:
        if find_set(tag) is not None:
            return Table([], [])
        raise UnknownTagError(
            f"Dataflow {dataflow!r} has no set {tag!r}. It has: {', '.join(layout.sets)}."
        )
    names, rows = _rows(connection, catalogue, layout, known, execution)
    return Table(names, [row[2:] for row in rows])


def role_table(
    connection: Connection, dataflow: str, execution: int, role: Role, *, renamed: bool
) -> Table:
    """The rows of all sets with a role; with `renamed`, metrics have their own names."""
    found = _role_rows(connection, dataflow, execution, role, renamed, {})
    present = dict.fromkeys(
        name for row in found for name, value in row.items() if value is not None
    )
    return Table(list(present), [[row.get(name) for name in present] for row in found])


def later_epochs(
    connection: Connection, dataflow: str, execution: int, seen: dict[str, int]
) -> list[dict[str, Any]]:
    """The epochs that were stored after those in `seen`: by set, the highest id; it is updated."""
    return _role_rows(connection, dataflow, execution, Role.EPOCHS, True, seen)


def _role_rows(
    connection: Connection,
    dataflow: str,
    execution: int,
    role: Role,
    renamed: bool,
    seen: dict[str, int],
) -> list[dict[str, Any]]:
    catalogue, layout = _opened(connection, dataflow)
    found: list[dict[str, Any]] = []
    for known in layout.sets.values():
        if known.role != role:
            continue
        names, rows = _rows(connection, catalogue, layout, known, execution, seen.get(known.tag))
        if not rows:
            continue
        seen[known.tag] = rows[-1][0]
        if renamed:
            own = metric_names(connection, catalogue, layout, known, [execution])
            names = [own.get((execution, name), name) for name in names]
        task = ["task_id"] if renamed else []
        found += [
            dict(zip([*task, *names], row[1:] if renamed else row[2:], strict=True)) for row in rows
        ]
    return found


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
