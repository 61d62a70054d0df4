"""Statements in SQL, with bound parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..store import Connection
from .table import Table

__all__ = ["sql_with"]


def sql_with(connection: Connection, statement: str, parameters: Sequence[Any] = ()) -> Table:
    """`sql` over an open connection."""
    with connection.transaction():
        columns, rows, _ = connection.table(statement, parameters)
    return Table(columns, rows)
