"""One statement that a user typed: asked as the reader, within limits."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...agents.limits import LimitedConnection, Limits, answered
from ...agents.statements import checked_statement
from ...errors import DefinitionError, RefusedError
from ...private_server import PrivateServer
from ...questions import Question, bound, parameters_of
from ...questions.sql_cures import cure, enter_schema, need
from ...support.spreadsheet import named_columns
from ..database import Database

__all__ = ["IN_A_FILE", "ON_THE_PAGE", "SqlAnswer", "answer", "check_question"]

ON_THE_PAGE = Limits(rows=1_000, seconds=20.0)
IN_A_FILE = Limits(rows=100_000, seconds=60.0)


@dataclass(frozen=True)
class SqlAnswer:
    """Rows.

    Attributes:
        columns: their names, each once.
        rows: as many as the limits allow.
        is_cut: whether there are more.
        seconds: how long it took.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    is_cut: bool
    seconds: float


def answer(
    database: Database, question: Question, schema: str, given: Mapping[str, str], limits: Limits
) -> SqlAnswer:
    """The rows of a question.

    Raises:
        SelectionError: it is not one SELECT.
        DefinitionError: a parameter has no value.
        UnknownTagError: there is no such dataflow.
        RefusedError: the database refuses it, or it took too long.
    """
    values = {name: value for name, value in given.items() if value}
    statement, bound_values = bound(question, values)
    statement = checked_statement(statement)
    store = database.store
    url = PrivateServer(database.home).reader_url() if store is None else store
    began = time.perf_counter()
    with LimitedConnection(url, limits) as connection:
        columns, rows = answered(
            connection, lambda limited: _rows(limited, question, statement, bound_values, schema)
        )
    return SqlAnswer(
        named_columns(columns),
        rows[: limits.rows],
        len(rows) > limits.rows,
        time.perf_counter() - began,
    )


def check_question(text: str) -> None:
    """Raise SelectionError if a statement could not be asked here."""
    question = Question("statement", text)
    checked_statement(bound(question, dict.fromkeys(parameters_of(question), "1"))[0])


def _rows(
    connection: LimitedConnection,
    question: Question,
    statement: str,
    values: Sequence[Any],
    schema: str,
) -> tuple[list[str], list[tuple[Any, ...]]]:
    enter_schema(connection, schema or None)
    try:
        return connection.first_rows(statement, values)
    except RefusedError as error:
        connection.rollback()
        needed = need(question, schema or None, error)
        if needed:
            raise DefinitionError(needed) from None
        advice = cure(connection, statement, error)
        if not advice:
            raise
        raise RefusedError(f"{str(error).rstrip('.')}. {advice}") from None
