"""The tables, columns and keys that a database has, whoever created them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .connection import Connection

__all__ = ["FOREIGN_KEY", "Column", "Key", "TableFound", "column_kind", "tables_of"]

FOREIGN_KEY = 2
"""MonetDB's code of a foreign key, in ``sys.keys``."""

BOUNDED_TYPES = ("varchar", "char")


class Column(NamedTuple):
    """A column: its type, and its maximum number of characters (0: unlimited)."""

    name: str
    type: str
    digits: int


class Key(NamedTuple):
    """A PRIMARY KEY, a UNIQUE or a FOREIGN KEY."""

    name: str
    is_foreign: bool


@dataclass
class TableFound:
    """A table, its columns in order, and its keys."""

    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    not_null: list[str] = field(default_factory=list)


def tables_of(connection: Connection, schema: str) -> dict[str, TableFound]:
    """The tables of a schema; views are not among them."""
    rows = connection.query_once(
        'SELECT t.name, c.name, c.type, c.type_digits, c."null" FROM sys.tables t '
        "JOIN sys.schemas s ON s.id = t.schema_id JOIN sys.columns c ON c.table_id = t.id "
        "WHERE s.name = %s AND t.type = 0 ORDER BY t.id, c.number",
        [schema],
    )
    found: dict[str, TableFound] = {}
    for name, column, type_, digits, nullable in rows:
        table = found.setdefault(name, TableFound(name))
        table.columns[column] = Column(column, type_, digits if type_ in BOUNDED_TYPES else 0)
        if not nullable:
            table.not_null.append(column)
    rows = connection.query_once(
        "SELECT t.name, k.name, k.type FROM sys.keys k JOIN sys.tables t ON t.id = k.table_id "
        "JOIN sys.schemas s ON s.id = t.schema_id WHERE s.name = %s ORDER BY k.id",
        [schema],
    )
    for name, key, kind in rows:
        found[name].keys.append(Key(key, kind == FOREIGN_KEY))
    return found


def column_kind(type_: str) -> str:
    """TEXT, BIGINT, DOUBLE or TIMESTAMP, whatever the server calls the type."""
    name = type_.lower().partition("(")[0]
    if name in ("clob", "varchar", "char", "text"):
        return "TEXT"
    if name in ("tinyint", "smallint", "int", "integer", "bigint"):
        return "BIGINT"
    if name.startswith("timestamp"):
        return "TIMESTAMP"
    return "DOUBLE" if name in ("double", "real", "decimal", "float") else name.upper()
