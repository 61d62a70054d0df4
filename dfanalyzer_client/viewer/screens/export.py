"""The screen of exports: files of executions, and links to views of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from ...analysis import Run, Runs, compare_with, run_with
from ...analysis.finding import summaries_with
from ...errors import UnknownTagError
from ...store.reading import Catalogue
from ...support.spreadsheet import csv_text
from ..exports.files import attachment, streamed
from ..exports.formats import FORMATS, METRICS, ExportState, tables_as_zip, written
from ..exports.one_file import static_page
from ..pages import page
from ..reading import Reading

__all__ = ["router"]

router = APIRouter()

NEWEST = "last"
GROUPS = (
    ("W3C PROV", ("provn", "json", "jsonld", "xml", "turtle", "rdfxml", "trig")),
    ("Pictures of the provenance", ("svg", "png", "pdf", "dot")),
    ("To publish, and for graph databases", ("ro-crate", "cypher")),
)


def _state(
    run: str = "",
    dataflow: str = "",
    epochs: Annotated[int, Query(ge=0, le=1)] = 1,
    design: Annotated[int, Query(ge=0, le=1)] = 0,
) -> ExportState:
    return ExportState(run, dataflow.lower(), bool(epochs), bool(design))


State = Annotated[ExportState, Depends(_state)]
RunNames = Annotated[list[str] | None, Query()]


@router.get("/export")
def export(request: Request, connection: Reading, state: State, run: RunNames = None) -> Response:
    """The page."""
    names = [] if state.dataflow else [name for name in run or [] if name.strip()]
    catalogue = Catalogue(connection)
    dataflows = [tag for _, tag in catalogue.dataflows()]
    if state.dataflow and state.dataflow not in dataflows:
        raise UnknownTagError(f"There is no dataflow {state.dataflow!r}.")
    if not names and not state.dataflow and dataflows:
        names = [NEWEST]
    runs = [run_with(connection, each) for each in summaries_with(connection, names)]
    return page(
        request,
        "export.html",
        state=state,
        runs=runs,
        query=_query(state, runs),
        dataflows=dataflows,
        groups=GROUPS,
        formats=FORMATS,
        sets=runs[0].sets if len(runs) == 1 else [],
        metrics=METRICS,
    )


@router.get("/export/file")
def file(request: Request, connection: Reading, state: State, format: str = "json") -> Response:
    """An execution, or all executions of a dataflow, in a format."""
    name = run_with(connection, state.run or NEWEST).execution if not state.dataflow else ""
    connection.rollback()
    exact = ExportState(name, state.dataflow, state.has_epochs, state.has_design)
    pieces = written(request.app.state.database, exact, format)
    known = FORMATS[format]
    return streamed(pieces, f"{name or state.dataflow}{known.suffix}", known.media_type)


@router.get("/export/rows.csv")
def rows(connection: Reading, run: str = NEWEST, set: str = METRICS) -> Response:
    """The rows of one of an execution's sets, or its epochs."""
    found = run_with(connection, run)
    table = found.metrics if set == METRICS else found.rows(set)
    text = csv_text(table.columns, table.rows)
    return attachment(text, f"{found.execution}-{set}.csv", "text/csv; charset=utf-8")


@router.get("/export/tables.zip")
def tables(connection: Reading, run: str = NEWEST) -> Response:
    """All rows of an execution as CSV files in an archive."""
    found = run_with(connection, run)
    return attachment(tables_as_zip(found), f"{found.execution}.zip", "application/zip")


@router.get("/export/comparison.csv")
def comparison(connection: Reading, run: RunNames = None) -> Response:
    """Executions side by side: a row for each, first the columns in which they differ."""
    found = compare_with(connection, run or [NEWEST])
    text = csv_text(found.columns, [tuple(row) for row in found.rows])
    return attachment(text, "comparison.csv", "text/csv; charset=utf-8")


@router.get("/export/page.html")
def one_page(connection: Reading, run: RunNames = None) -> Response:
    """Executions as one HTML file that needs no viewer."""
    runs = Runs(summaries_with(connection, run or [NEWEST]))
    name = runs[0].execution if len(runs) == 1 else f"{len(runs)} executions"
    return attachment(static_page(connection, runs), f"{name}.html", "text/html; charset=utf-8")


def _query(state: ExportState, runs: list[Run]) -> dict[str, object]:
    """What the addresses of files have in common."""
    return {
        "run": [each.execution for each in runs],
        "dataflow": state.dataflow,
        "epochs": None if state.has_epochs else 0,
        "design": 1 if state.has_design else None,
    }
