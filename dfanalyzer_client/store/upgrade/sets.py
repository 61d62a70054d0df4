"""Recreate the tables and views of the predecessor's sets."""

from __future__ import annotations

from collections.abc import Sequence

from ..catalogue_rows import insert_with_id
from ..comparison.roles import add_known_roles
from ..comparison.values import backfill
from ..connection import Connection
from ..growth.views import create_view
from ..inspection import TableFound, column_kind, tables_of
from ..layout import NO_ATTRIBUTES, AttributeLayout, DataflowLayout, SetLayout
from ..layout_queries import load_layout
from ..schema import grant, names_in, table
from ..set_definitions import add_dependencies
from ..sql import column_list, identifier, qualified
from .rebuilding import recreate_sequence, recreate_table

__all__ = ["upgrade_dataflow"]


def upgrade_dataflow(connection: Connection, tag: str, readers: Sequence[str]) -> None:
    """Recreate the tables and views of a dataflow's sets, and fill the tables that compare."""
    layout = load_layout(connection, tag)
    if layout is None:
        return
    if tag not in {name for (name,) in connection.query("SELECT name FROM sys.schemas")}:
        connection.execute(f"CREATE SCHEMA {identifier(tag)}")
    names, found = names_in(connection, tag), tables_of(connection, tag)
    for known in layout.sets.values():
        if known.tag in names and known.tag not in found:
            connection.execute(f"DROP VIEW {qualified(tag, known.tag)}")
        old = found.get(known.table, TableFound(known.table))
        _add_undeclared(connection, layout, known, old)
        _recreate_set(connection, layout, known, old, readers)
    add_known_roles(connection, layout)
    backfill(connection, layout)


def _add_undeclared(
    connection: Connection, layout: DataflowLayout, known: SetLayout, old: TableFound
) -> None:
    """Declare the columns that a set's table has and the catalogue does not know."""
    for name, column in old.columns.items():
        writer = name.removesuffix("_task_id")
        attribute = known.attributes.get(name)
        is_number = attribute is not None and attribute.type == "NUMERIC"
        if attribute is not None and is_number and column_kind(column.type) == "TEXT":
            _declare_text(connection, attribute)
        if name in ("id", *known.columns) or name in NO_ATTRIBUTES:
            continue
        if writer != name and writer in layout.transformations:
            add_dependencies(connection, layout, known, [], [writer])
        else:
            type_ = "NUMERIC" if column_kind(column.type) in ("DOUBLE", "BIGINT") else "TEXT"
            known.attributes[name] = AttributeLayout(
                insert_with_id(connection, "attribute", ds_id=known.id, name=name, type=type_),
                type_,
            )


def _declare_text(connection: Connection, attribute: AttributeLayout) -> None:
    """Declare an attribute as TEXT, because its column is one."""
    connection.execute(
        f"UPDATE {table('attribute')} SET type = 'TEXT' WHERE id = %s", [attribute.id]
    )
    attribute.type = "TEXT"


def _recreate_set(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    old: TableFound,
    readers: Sequence[str],
) -> None:
    if old.columns:
        recreate_table(connection, layout.tag, old, known.column_types)
    else:
        columns = column_list(known.column_types)
        connection.execute(f"CREATE TABLE {qualified(layout.tag, known.table)} ({columns})")
    recreate_sequence(connection, layout.tag, known.sequence, known.table)
    grant(connection, layout.tag, known.table, readers)
    known.pending, known.stale = set(), False
    create_view(connection, layout, known, readers)
