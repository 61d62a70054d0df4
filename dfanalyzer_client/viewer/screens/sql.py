"""The screen of SQL: type a statement, or ask a question by its name."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from ...errors import (
    DfAnalyzerError,
    PrivateServerError,
    StoreLoginError,
    StoreUnavailableError,
    UnknownTagError,
)
from ...questions import remove_question, save_question
from ...store.reading import Catalogue
from ...support.spreadsheet import csv_text
from ..exports.files import attachment
from ..pages import json_text, page
from ..reading import Reading
from ..sql.answers import IN_A_FILE, ON_THE_PAGE, SqlAnswer, answer, check_question
from ..sql.state import (
    DATAFLOW,
    SqlState,
    known_questions,
    parameters,
    question_of,
    schema_of,
)
from ..sql.tables import tables

__all__ = ["router"]

router = APIRouter()

LEAST_IN_A_CELL, MOST_IN_A_CELL, PAGE_CHARACTERS = 200, 20_000, 2_000_000

AWAY = (StoreLoginError, StoreUnavailableError, PrivateServerError)
"""Then the whole page says so; any other error is said beside the statement."""


def _state(
    request: Request, statement: str = "", question: str = "", dataflow: str = ""
) -> SqlState:
    values = {
        name[1:]: value for name, value in request.query_params.multi_items() if name[:1] == ":"
    }
    return SqlState(statement.strip(), question, dataflow.lower(), values)


State = Annotated[SqlState, Depends(_state)]


@router.get("/sql")
def sql(request: Request, connection: Reading, state: State) -> Response:
    """The page, with the rows of the statement that its address has."""
    database = request.app.state.database
    database.store_leftovers()
    known = known_questions(database)
    question = question_of(state, known)
    dataflows = [tag for _, tag in Catalogue(connection).dataflows()]
    schema = schema_of(state, question, dataflows)
    given = parameters(state, question, schema)
    found, problem = None, None
    try:
        if state.question and state.question not in known and not state.statement:
            raise UnknownTagError(f"There is no question {state.question!r}: it may be removed.")
        if question.text.strip() and all(given.values()):
            found = answer(database, question, schema, given, ON_THE_PAGE)
    except AWAY:
        raise
    except DfAnalyzerError as error:
        problem = str(error)
    return page(
        request,
        "sql.html",
        status=200 if problem is None else 400,
        state=state,
        question=question,
        questions=known.values(),
        dataflows=dataflows,
        schema=schema,
        parameters={name: value for name, value in given.items() if name != DATAFLOW},
        lacking=[name for name, value in given.items() if not value],
        tables=tables(connection, schema),
        found=found,
        plotted=None if found is None else _plotted(found),
        cell_characters=0 if found is None else _cell_characters(found),
        problem=problem,
        limits=ON_THE_PAGE,
        file_rows=IN_A_FILE.rows,
    )


@router.get("/sql/rows.csv")
def rows_as_csv(request: Request, connection: Reading, state: State) -> Response:
    """The rows as CSV, many more than the page has."""
    found = _whole(request, connection, state)
    return attachment(csv_text(found.columns, found.rows), "rows.csv", "text/csv; charset=utf-8")


@router.get("/sql/rows.json")
def rows_as_json(request: Request, connection: Reading, state: State) -> Response:
    """The rows as a JSON list of objects."""
    found = _whole(request, connection, state)
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    return attachment(json_text(rows), "rows.json", "application/json")


@router.post("/sql/questions")
def save(
    request: Request, name: Annotated[str, Form()] = "", statement: Annotated[str, Form()] = ""
) -> Response:
    """Save a statement under a name."""
    text = statement.replace("\r\n", "\n")
    check_question(text)
    save_question(request.app.state.database.home, name.strip(), text)
    return page(request, "parts/question_saved.html", name=name.strip())


@router.post("/sql/questions/remove")
def remove(request: Request, name: Annotated[str, Form()]) -> Response:
    """Remove a saved question."""
    remove_question(request.app.state.database.home, name)
    return page(request, "parts/question_removed.html", name=name)


def _whole(request: Request, connection: Reading, state: SqlState) -> SqlAnswer:
    database = request.app.state.database
    question = question_of(state, known_questions(database))
    dataflows = [tag for _, tag in Catalogue(connection).dataflows()]
    schema = schema_of(state, question, dataflows)
    return answer(database, question, schema, parameters(state, question, schema), IN_A_FILE)


def _cell_characters(found: SqlAnswer) -> int:
    """How much of a long text the page has behind a click: less in each, if there are many."""
    cells = max(1, len(found.rows) * len(found.columns))
    return min(MOST_IN_A_CELL, max(LEAST_IN_A_CELL, PAGE_CHARACTERS // cells))


def _plotted(found: SqlAnswer) -> dict[str, Any]:
    """The columns that a plot can have: numbers, and times as seconds."""
    columns = {}
    for place, name in enumerate(found.columns):
        values = [row[place] for row in found.rows]
        present = [value for value in values if value is not None]
        if present and all(isinstance(value, datetime) for value in present):
            stamps = [None if value is None else value.timestamp() for value in values]
            columns[name] = {"isTime": True, "values": stamps}
        elif present and all(map(_is_number, present)):
            numbers = [None if value is None else float(value) for value in values]
            columns[name] = {"isTime": False, "values": numbers}
    return columns


def _is_number(value: Any) -> bool:
    """Whether it has a place on an axis; Decimal has one, too."""
    return not isinstance(value, (bool, str, bytes)) and hasattr(value, "__float__")
