"""Statements in SQL, with bound parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SelectionError
from ..store import Connection
from ..support.sql_text import split_statements
from .table import Table

__all__ = ["sql_with"]

UNNAMED = re.compile(r"(?<!%)(?:%%)*%(?![%(])")
FORMS = (
    "a list with a value for each %s, or a dictionary with one for each %(name)s; with parameters, "
    "a percent sign is written %%"
)


def sql_with(
    connection: Connection, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> Table:
    """`sql` over an open connection."""
    _check_statement(statement)
    if isinstance(parameters, (str, bytes)) or not isinstance(parameters, (Sequence, Mapping)):
        raise TypeError(f"Parameters must be {FORMS}. Received: {parameters!r:.100}.")
    if isinstance(parameters, Mapping) and UNNAMED.search(statement):
        raise SelectionError(f"With a dictionary, each %s needs a name. Expected {FORMS}.")
    try:
        with connection.transaction():
            columns, rows, _ = connection.table(statement, parameters)
    except (TypeError, ValueError, LookupError) as error:  # of the driver, which fills them in
        if isinstance(error, SelectionError) or not parameters:
            raise
        raise SelectionError(
            f"The parameters do not fit the statement ({error}). Expected {FORMS}."
        ) from None
    return Table(columns, rows)


def _check_statement(statement: object) -> None:
    """Raise TypeError or SelectionError if it is not one statement."""
    if not isinstance(statement, str):
        raise TypeError(f"A statement is a text in SQL. Received: {statement!r:.100}.")
    found, rest = split_statements(f"{statement}\n;")
    if len(found) > 1:
        raise SelectionError(
            f"One statement can be asked at a time. Received {len(found)}, the second is "
            f"{found[1]!r:.100}."
        )
    if not found and not rest.strip():
        raise SelectionError("A statement in SQL was expected. Received an empty one.")
