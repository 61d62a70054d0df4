"""The views of sets, which users query. Recreating one keeps its permissions and comments."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from ..connection import Connection
from ..layout import DataflowLayout, SetLayout
from ..rights.permissions import Permissions
from ..schema import grant, table
from ..sql import identifier, qualified
from .pending_columns import from_clause

__all__ = ["create_view", "recreating_view"]


def create_view(
    connection: Connection, layout: DataflowLayout, known: SetLayout, readers: Sequence[str]
) -> None:
    """Create the view of a set, and let `readers` SELECT from it."""
    connection.execute(_view(layout, known))
    grant(connection, layout.tag, known.tag, readers)


@contextlib.contextmanager
def recreating_view(
    connection: Connection, layout: DataflowLayout, known: SetLayout, readers: Sequence[str]
) -> Iterator[None]:
    """Drop a set's view, run the block, and create the view again with the same permissions."""
    permissions = Permissions(connection, layout.tag, known.tag)
    if permissions.exists:
        connection.execute(f"DROP VIEW {qualified(layout.tag, known.tag)}")
    yield
    connection.execute(_view(layout, known))
    permissions.restore(readers)


def _view(layout: DataflowLayout, known: SetLayout) -> str:
    """The set as users query it, with the id of the task that read each row.

    DfAnalyzer updates rows with that id; the view looks up the newest reader instead.
    """
    columns = {name: f"d.{identifier(name)}" for name in known.view_columns}
    writers = [f"d.{identifier(f'{tag}_task_id')}" for tag in known.producers]
    joins = []
    for number, consumer in enumerate(known.consumers if writers else ()):
        column = f"{consumer}_task_id"
        columns[column] = (
            f"COALESCE(d.{identifier(column)}, r{number}.task_id) AS {identifier(column)}"
        )
        joins.append(
            f"LEFT JOIN (SELECT previous_task_id, max(task_id) AS task_id "
            f"FROM {table('task_dependency')} WHERE dt_id = {layout.transformations[consumer]} "
            f"GROUP BY previous_task_id) AS r{number} "
            f"ON r{number}.previous_task_id = {_first(writers)}"
        )
    return (
        f"CREATE VIEW {qualified(layout.tag, known.tag)} AS SELECT {', '.join(columns.values())} "
        f"FROM {from_clause(layout, known)} AS d {' '.join(joins)}"
    )


def _first(columns: list[str]) -> str:
    return columns[0] if len(columns) == 1 else f"COALESCE({', '.join(columns)})"
