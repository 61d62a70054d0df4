"""Rows of the catalogue that a message adds, and whether a user may add such rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

from ..connection import Connection
from ..schema import table

__all__ = ["CatalogueRows", "check_rights"]

CatalogueRows: TypeAlias = dict[str, list[dict[str, Any]]]
"""Rows by the name of their table."""


def check_rights(connection: Connection, tables: Collection[str]) -> None:
    """Raise RefusedError if the user may not add rows to these tables; changes nothing."""
    try:
        for name in tables:
            connection.execute(f"INSERT INTO {table(name)} SELECT * FROM {table(name)} WHERE 1 = 0")
    finally:
        connection.rollback()
