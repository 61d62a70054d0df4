"""The screen of all executions: filter, sort, page, watch, and choose some to compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from ...store.reading import Catalogue
from ..events import Event, event_stream
from ..pages import page, render
from ..reading import Reading
from ..run_table import RunTable, epochs_asked, read_table, seconds_left
from ..state import ListState, State

__all__ = ["router"]

router = APIRouter()

OF_ROWS: dict[str, Any] = {"epochs_asked": epochs_asked, "seconds_left": seconds_left}
"""What the template of a row calls."""

STATUSES = ("RUNNING", "FINISHED", "FAILED", "INTERRUPTED", "PRUNED", "ABANDONED")


@router.get("/")
def executions(request: Request, connection: Reading, state: State) -> Response:
    """The page."""
    request.app.state.database.store_leftovers()
    table = read_table(connection, state, request.app.state.sparks)
    dataflows = [tag for _, tag in Catalogue(connection).dataflows()]
    return page(
        request,
        "executions.html",
        table=table,
        state=state,
        dataflows=dataflows,
        statuses=STATUSES,
        **OF_ROWS,
    )


@router.get("/executions/events")
def events(request: Request, state: State) -> Response:
    """The rows of the table that have changed, as they change."""
    return event_stream(request, _changed_rows(request, state))


def _changed_rows(request: Request, state: ListState) -> Callable[[], list[Event]]:
    """Reads the table again, and returns the rows that are other than at the last call.

    At the first call, nothing has changed: the page was made just before.
    """
    seen: dict[int, str] | None = None

    def ask() -> list[Event]:
        nonlocal seen
        number = request.app.state.changes.number
        table, rows = request.app.state.shared.answer(
            state, number, lambda: _table_and_rows(request, state)
        )
        before, seen = seen, rows
        if before is None:
            return []
        if list(before) != list(rows):
            whole = render(
                "parts/execution_table.html",
                request=request,
                table=table,
                state=state,
                **OF_ROWS,
            )
            return [("", f'<hx-partial hx-target="#executions">{whole}</hx-partial>')]
        changed = "".join(
            f'<hx-partial hx-target="#run-{id_}" hx-swap="outerHTML">{row}</hx-partial>'
            for id_, row in rows.items()
            if row != before[id_]
        )
        return [("", changed)] if changed else []

    return ask


def _table_and_rows(request: Request, state: ListState) -> tuple[RunTable, dict[int, str]]:
    """The table, and each of its rows as HTML."""
    with request.app.state.database.reading() as connection:
        table = read_table(connection, state, request.app.state.sparks)
    return table, {run.id: _row(request, state, table, run.id) for run in table.runs}


def _row(request: Request, state: ListState, table: RunTable, id_: int) -> str:
    (run,) = (each for each in table.runs if each.id == id_)
    return render(
        "parts/execution_row.html",
        request=request,
        table=table,
        run=run,
        state=state,
        **OF_ROWS,
    )
