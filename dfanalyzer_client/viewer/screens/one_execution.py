"""The screen of one execution: its curves, and tabs with all that is known of it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ...analysis import run_with
from ..curve_data import curve_data
from ..pages import json_answer, page
from ..reading import Reading

__all__ = ["router"]

router = APIRouter()


@router.get("/execution")
def execution(request: Request, connection: Reading, run: str = "last") -> Response:
    """The page."""
    found = run_with(connection, run)
    return page(
        request, "execution.html", run=found, curves=curve_data(connection, [found.summary])
    )


@router.get("/execution/curves")
def curves(connection: Reading, run: str = "last") -> Response:
    """The curves as JSON."""
    return json_answer(curve_data(connection, [run_with(connection, run).summary]))
