"""Recreate tables with their rows and columns, but without keys and length limits.

MonetDB 11.41 cannot change the type of a column in place.
"""

from __future__ import annotations

from collections.abc import Collection

from ..connection import Connection
from ..inspection import FOREIGN_KEY, TableFound, column_kind
from ..sql import column_list, identifier, qualified

__all__ = ["drop_foreign_keys", "recreate_sequence", "recreate_table", "wider_type"]

NEW = "upgrade_new"
"""Name of a temporary table that exists only during a step."""


def drop_foreign_keys(connection: Connection, schema: str, names: Collection[str]) -> None:
    """Drop the foreign keys of the tables `names` of a schema, and all that refer to them.

    Tables of sets refer to the catalogue, and so do tables that other programs have added.
    """
    rows = connection.query(
        "SELECT s.name, t.name, k.name, r.name, n.name FROM sys.keys k "
        "JOIN sys.tables t ON t.id = k.table_id JOIN sys.schemas s ON s.id = t.schema_id "
        "JOIN sys.keys p ON p.id = k.rkey JOIN sys.tables r ON r.id = p.table_id "
        f"JOIN sys.schemas n ON n.id = r.schema_id WHERE k.type = {FOREIGN_KEY} ORDER BY k.id"
    )
    for of_schema, of_table, key, other, other_schema in rows:
        if (of_schema == schema and of_table in names) or (
            other_schema == schema and other in names
        ):
            connection.execute(
                f"ALTER TABLE {qualified(of_schema, of_table)} DROP CONSTRAINT {identifier(key)}"
            )


def recreate_table(
    connection: Connection, schema: str, old: TableFound, wanted: dict[str, str]
) -> None:
    """Recreate a table with its columns and rows, and add the missing ones of `wanted`.

    A text column stays one even if a time is wanted; integer columns become wider.
    """
    columns = {name: wider_type(column.type) for name, column in old.columns.items()}
    for name, type_ in wanted.items():
        if columns.get(name) != "TEXT":
            columns[name] = type_
    names = ", ".join(map(identifier, old.columns))
    values = ", ".join(f"CAST({identifier(name)} AS {columns[name]})" for name in old.columns)
    new, whole = qualified(schema, NEW), qualified(schema, old.name)
    connection.execute(f"CREATE TABLE {new} ({column_list(columns)})")
    order = " ORDER BY id" if "id" in old.columns else ""
    connection.execute(f"INSERT INTO {new} ({names}) SELECT {values} FROM {whole}{order}")
    connection.execute(f"DROP TABLE {whole}")
    connection.execute(f"ALTER TABLE {new} RENAME TO {identifier(old.name)}")


def wider_type(type_: str) -> str:
    """Our type that holds all values of a type."""
    kind = column_kind(type_)
    return kind if kind in ("TEXT", "BIGINT", "DOUBLE", "TIMESTAMP") else type_


def recreate_sequence(connection: Connection, schema: str, name: str, of: str) -> None:
    """Create a sequence that continues after the ids of a table, replacing one of that name."""
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
