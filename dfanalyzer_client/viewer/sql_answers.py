"""One statement that a user typed: asked as the reader, within limits."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..agents.limits import LimitedConnection, Limits, answered
from ..agents.statements import checked_statement
from ..errors import RefusedError
from ..private_server import PrivateServer
from ..questions import Question, bound, parameters_of, saved_questions, shipped_questions
from ..questions.sql_cures import cure, enter_schema
from ..store import Connection
from ..store.reading import Catalogue
from ..store.schema import PUBLIC
from ..store.sql import identifier, qualified
from ..support.spreadsheet import named_columns
from .database import Database
from .pages import address

__all__ = [
    "DATAFLOW",
    "IN_A_FILE",
    "ON_THE_PAGE",
    "SqlAnswer",
    "SqlState",
    "answer",
    "check_question",
    "known_questions",
    "parameters",
    "question_of",
    "schema_of",
    "tables",
]

DATAFLOW = "dataflow"
"""The parameter of questions that also names the schema."""

ON_THE_PAGE = Limits(rows=1_000, seconds=20.0)
IN_A_FILE = Limits(rows=100_000, seconds=60.0)

VIEWS = ("hyperparameters", "metrics", "tags", "notes", "task", "file", "lineage")
"""What compares the executions of all dataflows."""


@dataclass(frozen=True)
class SqlState:
    """What an address says of this screen.

    Attributes:
        statement: what was typed; empty: that of the question.
        question: the name of a question.
        dataflow: the dataflow whose sets need no schema.
        values: of parameters, by name.
    """

    statement: str = ""
    question: str = ""
    dataflow: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def address(self, path: str = "sql") -> str:
        """The address of this view, or of what belongs to it."""
        values = {f":{name}": value for name, value in self.values.items()}
        return address(
            path,
            question=self.question,
            statement=self.statement,
            dataflow=self.dataflow,
            **values,
        )


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


def known_questions(database: Database) -> dict[str, Question]:
    """The paper's questions and the saved ones, by name."""
    known = (*shipped_questions(), *saved_questions(database.home))
    return {question.name: question for question in known}


def question_of(state: SqlState, known: Mapping[str, Question]) -> Question:
    """What is asked: the statement, else the question that the address names."""
    if state.statement.strip() or state.question not in known:
        return Question(state.question or "statement", state.statement)
    return known[state.question]


def schema_of(state: SqlState, question: Question, dataflows: Sequence[str]) -> str:
    """The dataflow that is asked about: the chosen one.

    A question about one dataflow is asked about the newest, if its own does not exist here.
    """
    if state.dataflow or DATAFLOW not in {*question.defaults, *parameters_of(question)}:
        return state.dataflow
    usual = question.defaults.get(DATAFLOW, "")
    return usual if usual in dataflows or not dataflows else dataflows[-1]


def parameters(state: SqlState, question: Question, schema: str) -> dict[str, str]:
    """The parameters of a question by name, with their values; without one: an empty text."""
    values = {**question.defaults, **state.values}
    if schema:
        values[DATAFLOW] = schema
    return {name: values.get(name, "") for name in parameters_of(question)}


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
            connection, lambda limited: _rows(limited, statement, bound_values, schema)
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
    connection: LimitedConnection, statement: str, values: Sequence[Any], schema: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    enter_schema(connection, schema or None)
    try:
        return connection.first_rows(statement, values)
    except RefusedError as error:
        connection.rollback()
        advice = cure(connection, statement, error)
        if not advice:
            raise
        raise RefusedError(f"{str(error).rstrip('.')}. {advice}") from None


def tables(connection: Connection, schema: str) -> list[tuple[str, list[str]]]:
    """What a statement can name, and the columns: a dataflow's sets, then what all have."""
    catalogue = Catalogue(connection)
    layout = catalogue.layout(schema) if schema else None
    sets = [
        (_plain(known.tag), [_plain(name) for name in known.view_columns])
        for known in (layout.sets.values() if layout else ())
    ]
    public = [
        (qualified(PUBLIC, name).replace(f'"{name}"', name), catalogue.columns(name))
        for name in VIEWS
    ]
    return [*sets, *((name, columns) for name, columns in public if columns)]


def _plain(name: str) -> str:
    """A name as it is written in SQL: in quotes where it needs them."""
    is_plain = name.isascii() and name.isidentifier() and name == name.lower()
    return name if is_plain else identifier(name)
