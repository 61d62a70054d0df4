"""The screen of one execution: its curves, and tabs with all that is known of it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ...analysis import run_with
from ..curve_data import curve_data
from ..events import event_stream
from ..one_run.live import facts_of, new_epochs
from ..one_run.tabs import TABS, read_tab
from ..pages import json_answer, page
from ..reading import Reading
from ..steering import pending_changes

__all__ = ["router"]

router = APIRouter()

FIRST_TAB = "configuration"

MOST_POINTS = 100_000
"""Of all curves of the page, about 2 MB: of more, the database gives only extremes."""


@router.get("/execution")
def execution(
    request: Request, connection: Reading, run: str = "last", tab: str = FIRST_TAB
) -> Response:
    """The page, with one tab open."""
    request.app.state.database.store_leftovers()
    found = run_with(connection, run)
    opened = TABS.get(tab, TABS[FIRST_TAB])
    curves = curve_data(connection, [found.summary], times=True, most=MOST_POINTS)
    curves["adaptations"] += pending_changes(connection, found.summary)
    return page(
        request,
        "execution.html",
        run=found,
        facts=facts_of(found.summary),
        curves=curves,
        tabs=TABS.values(),
        tab=opened,
        **read_tab(connection, found, opened),
    )


@router.get("/execution/tab")
def one_tab(
    request: Request, connection: Reading, run: str = "last", tab: str = FIRST_TAB
) -> Response:
    """What is below the tabs."""
    found = run_with(connection, run)
    opened = TABS.get(tab, TABS[FIRST_TAB])
    values = read_tab(connection, found, opened)
    return page(request, "parts/tab.html", run=found, tab=opened, **values)


@router.get("/execution/curves")
def curves(connection: Reading, run: str = "last") -> Response:
    """The curves as JSON."""
    return json_answer(curve_data(connection, [run_with(connection, run).summary], times=True))


@router.get("/execution/events")
def events(request: Request, run: str, training: int = 0, epoch: int = -1) -> Response:
    """New points of the curves, and what the page says at its top, as they change."""
    return event_stream(request, new_epochs(request.app.state.database, run, (training, epoch)))
