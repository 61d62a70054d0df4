"""Many rows into one table: as INSERT of several rows, or, when they are very many, as COPY.

Measured on two cores with MonetDB 11.41, five columns: 10 rows take 1.2 ms as INSERT and 10 ms as
COPY, 1,000 take 16 ms and 15 ms, 10,000 take 132 ms and 39 ms. COPY reads its rows from the client
(``ON CLIENT``, https://www.monetdb.org/documentation/user-guide/sql-manual/data-loading/); a DOUBLE
comes out bit by bit as it went in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ConflictError, RefusedError
from .connection import Connection
from .sql import identifier, inserts

__all__ = ["insert_rows"]

COPY_ROWS = 1200
"""From so many rows on COPY is faster."""


def insert_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Put `rows` into `table`, a quoted name; values are bound or quoted.

    Raises:
        ConflictError: this server takes no COPY, as is remembered: the same transaction may succeed
            at once, without.
        RefusedError: it takes a value of these not at all.
    """
    if len(rows) < COPY_ROWS or not connection.copies:
        for statement, parameters in inserts(table, columns, rows):
            connection.execute(statement, parameters)
        return
    names = ", ".join(identifier(column) for column in columns)
    try:
        connection.copy_in(
            f"COPY INTO {table} FROM 'rows' ({names}) ON CLIENT "  # 11.41 ignores `INTO t (names)`
            "USING DELIMITERS '|', E'\\n', '\"' NULL AS 'NULL'",
            "".join("|".join(map(_field, row)) + "\n" for row in rows),
        )
    except RefusedError as error:  # for one of the rows, or for want of a right or of the feature
        connection.copies = False
        raise ConflictError(str(error)) from error


def _field(value: Any) -> str:
    """A value as COPY reads it; what stands in quotes is never the NULL."""
    if value is None:
        return "NULL"
    if not isinstance(value, str):
        return repr(value)
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n").replace("\r", "\\r") + '"'
