"""Tables made anew: with their rows and columns, without keys and bounds.

MonetDB 11.41 changes no column's type in place.
"""

from __future__ import annotations

from collections.abc import Collection

from ..connection import Connection
from ..inspection import TableFound, column_kind, tables_of
from ..sql import identifier, qualified

__all__ = ["drop_foreign_keys", "recreate_sequence", "recreate_table", "wider_type"]

NEW = "upgrade_new"
"""Name of a table that is there during a step alone."""


def drop_foreign_keys(
    connection: Connection, schema: str, names: Collection[str] | None = None
) -> None:
    """Remove what makes tables of a schema depend on others: `names`, or those of its sets."""
    for each in tables_of(connection, schema).values():
        is_ours = each.name.startswith("ds_") if names is None else each.name in names
        for key in each.keys:
            if key.is_foreign and is_ours:
                connection.execute(
                    f"ALTER TABLE {qualified(schema, each.name)} "
                    f"DROP CONSTRAINT {identifier(key.name)}"
                )


def recreate_table(
    connection: Connection, schema: str, old: TableFound, wanted: dict[str, str]
) -> None:
    """A table again, with its columns and rows, and those that are `wanted` and not there.

    A text stays one where a time is wanted; whole numbers get wider.
    """
    columns = {name: wider_type(each.type) for name, each in old.columns.items()}
    for name, type_ in wanted.items():
        if columns.get(name) != "TEXT":
            columns[name] = type_
    described = ", ".join(f"{identifier(name)} {type_}" for name, type_ in columns.items())
    names = ", ".join(map(identifier, old.columns))
    values = ", ".join(f"CAST({identifier(name)} AS {columns[name]})" for name in old.columns)
    new, whole = qualified(schema, NEW), qualified(schema, old.name)
    connection.execute(f"CREATE TABLE {new} ({described})")
    order = " ORDER BY id" if "id" in old.columns else ""
    connection.execute(f"INSERT INTO {new} ({names}) SELECT {values} FROM {whole}{order}")
    connection.execute(f"DROP TABLE {whole}")
    connection.execute(f"ALTER TABLE {new} RENAME TO {identifier(old.name)}")


def wider_type(type_: str) -> str:
    """The type of ours that takes all that a type takes."""
    kind = column_kind(type_)
    return kind if kind in ("TEXT", "BIGINT", "DOUBLE", "TIMESTAMP") else type_


def recreate_sequence(connection: Connection, schema: str, name: str, of: str) -> None:
    """A sequence that goes on after the ids of a table, in place of one of the same name."""
    ((last,),) = connection.query(f"SELECT max(id) FROM {qualified(schema, of)}")
    found = connection.query(
        "SELECT 1 FROM sys.sequences q JOIN sys.schemas s ON s.id = q.schema_id "
        "WHERE s.name = %s AND q.name = %s",
        [schema, name],
    )
    sequence = qualified(schema, name)
    if found:
        connection.execute(f"DROP SEQUENCE {sequence}")
    connection.execute(f"CREATE SEQUENCE {sequence} AS BIGINT START WITH {(last or 0) + 1}")
