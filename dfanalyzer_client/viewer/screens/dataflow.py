"""The screen of a dataflow: transformations and sets as a graph, and path queries between sets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from ...errors import DefinitionError, RefusedError, SelectionError, UnknownTagError
from ...keras_schema import find_set
from ...path_query import MAPPINGS, QueryResult, query_with
from ...store import Connection
from ...store.layout import DataflowLayout, SetLayout
from ...store.reading import Catalogue
from ...support.spreadsheet import escape_formula
from ..events import event_stream
from ..news import digest, told_of_changes
from ..pages import address, page
from ..path_state import PathQuery, PathState
from ..reading import Reading

__all__ = ["router"]

router = APIRouter()

PAGE_ROWS = 50
MOST_ROWS = 100_000
"""Of a CSV file; the command writes more."""

ASKED_WRONGLY = (UnknownTagError, SelectionError, DefinitionError, RefusedError)
"""What is said beside the form, which stays as it was filled in."""


@router.get("/dataflow")
def dataflow(request: Request, connection: Reading, state: PathQuery) -> Response:
    """The page."""
    known = [tag for _, tag in Catalogue(connection).dataflows()]
    if not known:
        return page(request, "no_dataflow.html")
    state = replace(state, tag=state.tag or known[-1])
    layout = _layout(connection, state.tag)
    found, problem = _asked(connection, state)
    shown = digest(_graph_data(layout, PathState(tag=state.tag), None))
    return page(
        request,
        "dataflow.html",
        status=200 if problem is None else 400,
        state=state,
        known=known,
        layout=layout,
        mappings=MAPPINGS,
        found=found,
        rows=[] if found is None else found.rows[:PAGE_ROWS],
        has_more=found is not None and len(found.rows) > PAGE_ROWS,
        choices=_attributes(layout, found, state),
        problem=problem,
        most_rows=MOST_ROWS,
        data=_graph_data(layout, state, found),
        events=address("dataflow/events", tag=state.tag, shown=shown),
    )


@router.get("/dataflow/events")
def events(request: Request, tag: str, shown: str = "") -> Response:
    """Whether the graph of a page has changed."""

    def read(connection: Connection) -> Any:
        return _graph_data(_layout(connection, tag), PathState(tag=tag), None)

    return event_stream(request, told_of_changes(request.app.state.database, read, shown))


@router.get("/dataflow/rows.csv")
def rows(connection: Reading, state: PathQuery) -> Response:
    """The rows of the query as a file."""
    found = query_with(connection, state.tag, **state.arguments, limit=MOST_ROWS)
    name = re.sub(r"[^\w.-]+", "-", f"{state.tag}-{'-'.join((*state.source, *state.target))}")
    return Response(
        _csv(found.columns, found.rows),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{_ascii(name)[:100]}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _layout(connection: Connection, tag: str) -> DataflowLayout:
    layout = Catalogue(connection).layout(tag.lower())
    if layout is None:
        raise UnknownTagError(f"There is no dataflow {tag!r:.200}: choose another one.")
    return layout


def _asked(connection: Connection, state: PathState) -> tuple[QueryResult | None, str | None]:
    """The rows of a page and one more, or why there are none."""
    if not state.is_complete:
        return None, None
    try:
        first = (state.page - 1) * PAGE_ROWS
        arguments = {**state.arguments, "limit": PAGE_ROWS + 1, "offset": first}
        return query_with(connection, state.tag, **arguments), None
    except ASKED_WRONGLY as error:
        return None, str(error)


def _attributes(layout: DataflowLayout, found: QueryResult | None, state: PathState) -> list[str]:
    """The attributes of the sets on the path, as a projection names them."""
    sets = (*state.source, *state.target) if found is None else found.sets
    tags = dict.fromkeys(tag.lower() for tag in sets)
    known = [layout.sets[tag] for tag in tags if tag in layout.sets]
    return [f"{each.tag}.{name}" for each in known for name in each.attributes]


def _graph_data(
    layout: DataflowLayout, state: PathState, found: QueryResult | None
) -> dict[str, Any]:
    """The dataflow as static/dataflow.js draws it."""
    transformations = [
        {"id": f"transformation:{tag}", "kind": "transformation", "tag": tag, "title": tag}
        for tag in layout.transformations
    ]
    edges = []
    for tag, known in layout.sets.items():
        edges += [_edge(f"transformation:{each}", f"set:{tag}") for each in known.producers]
        edges += [_edge(f"set:{tag}", f"transformation:{each}") for each in known.consumers]
    passed = set() if found is None else {*found.sets, *found.transformations}
    return {
        "nodes": [*transformations, *(_set(tag, known) for tag, known in layout.sets.items())],
        "edges": edges,
        "source": [tag.lower() for tag in state.source],
        "target": [tag.lower() for tag in state.target],
        "path": sorted(passed),
    }


def _set(tag: str, known: SetLayout) -> dict[str, Any]:
    ours = find_set(tag)
    count = len(known.attributes)
    return {
        "id": f"set:{tag}",
        "kind": "set",
        "tag": tag,
        "title": tag,
        "detail": f"{count} attribute{'s' * (count != 1)}",
        "holds": ours.holds if ours is not None and ours.role == known.role else None,
        "attributes": [[name, each.type] for name, each in known.attributes.items()],
        "producers": known.producers,
        "consumers": known.consumers,
    }


def _edge(source: str, target: str) -> dict[str, str]:
    return {"source": source, "target": target, "label": ""}


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A file for spreadsheets, which run none of its texts as formulas."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([escape_formula(name) for name in columns])
    writer.writerows([escape_formula(value) for value in row] for row in rows)
    return text.getvalue()


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace("?", "-")
