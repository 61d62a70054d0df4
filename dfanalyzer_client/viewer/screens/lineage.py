"""The screen of lineage: what an execution, a file or data came from, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from ...analysis import run_with
from ...lineage import graph_with
from ...lineage.graph import DEPTH, HIDABLE
from ...lineage.graph_parts import FILES, LineageGraph, Node
from ...lineage.graph_walk import BOTH, MAX_DEPTH
from ...store import Connection
from ...store.reading import Catalogue
from ..events import event_stream
from ..news import digest, told_of_changes
from ..pages import address, json_answer, page, short, title
from ..reading import Reading
from ..stitched_curves import stitched_curves

__all__ = ["router"]

router = APIRouter()

DIRECTIONS = {
    "both": "before and after",
    "before": "what it came from",
    "after": "what came of it",
    "all": "also others with the same data",
}
HIDDEN = {"data": "data", "files": "files", "tests": "tests", "said": "recorded derivations"}
FACT_CHARACTERS = 120
HOVER = 400
MOST_FACTS = 60
"""Of a node; the page of the execution has all."""


@router.get("/lineage")
def lineage(
    request: Request,
    connection: Reading,
    run: str = "",
    file: str = "",
    depth: Annotated[int, Query(ge=0, le=MAX_DEPTH)] = DEPTH,
    direction: str = BOTH,
    hide: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """The page."""
    hidden = tuple(hide or ())
    graph = _graph(connection, run, file, depth, direction, hidden)
    first = next((node.execution for node in graph.nodes if node.is_start), None)
    return page(
        request,
        "lineage.html",
        run="" if file.strip() else (first or run),
        file=file.strip(),
        depth=depth,
        max_depth=MAX_DEPTH,
        direction=direction,
        directions=DIRECTIONS,
        hidden=hidden,
        hidable={kind: HIDDEN[kind] for kind in HIDABLE},
        graph=graph,
        data=_graph_data(graph, depth, direction, hidden),
        events=address(
            "lineage/events",
            run=run,
            file=file,
            depth=depth,
            direction=direction,
            hide=list(hidden),
            shown=digest(_shape(graph)),
        ),
    )


@router.get("/lineage/events")
def events(
    request: Request,
    run: str = "",
    file: str = "",
    depth: Annotated[int, Query(ge=0, le=MAX_DEPTH)] = DEPTH,
    direction: str = BOTH,
    hide: Annotated[list[str] | None, Query()] = None,
    shown: str = "",
) -> Response:
    """Whether the graph of a page has changed."""
    hidden = tuple(hide or ())

    def read(connection: Connection) -> Any:
        return _shape(_graph(connection, run, file, depth, direction, hidden))

    return event_stream(request, told_of_changes(request.app.state.database, read, shown))


@router.get("/lineage/curves")
def curves(connection: Reading, run: str = "last") -> Response:
    """The curves of the chain of trainings that an execution is in."""
    return json_answer(stitched_curves(connection, run_with(connection, run).id))


def _graph(
    connection: Connection, run: str, file: str, depth: int, direction: str, hidden: tuple[str, ...]
) -> LineageGraph:
    """The graph that an address asks for; without one, that of the last execution, if any."""
    run, file = run.strip(), file.strip()
    if not run and not file and not _has_executions(connection):
        return LineageGraph()
    start = {"run": None if file else run or "last", "file": file or None}
    return graph_with(connection, **start, depth=depth, direction=direction, hide=hidden)


def _shape(graph: LineageGraph) -> list[Any]:
    """What is drawn of a graph, without facts that every epoch changes."""
    nodes = [[node.id, node.status] for node in graph.nodes]
    return [nodes, [[edge.source, edge.target] for edge in graph.edges], graph.more]


def _has_executions(connection: Connection) -> bool:
    return any(True for _ in Catalogue(connection).dataflows())


def _graph_data(
    graph: LineageGraph, depth: int, direction: str, hidden: tuple[str, ...]
) -> dict[str, Any]:
    """The graph as static/lineage.js draws it."""
    view = {"depth": depth, "direction": direction, "hide": list(hidden)}
    return {
        "nodes": [_node(node, view) for node in graph.nodes],
        "edges": [
            {"source": edge.source, "target": edge.target, "label": short(edge.label, 24)}
            for edge in graph.edges
        ],
    }


def _node(node: Node, view: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": node.id,
        "kind": node.kind,
        "title": short(node.title, 200),
        "detail": short(node.detail, 200),
        "status": node.status,
        "start": node.is_start,
        "execution": node.execution if node.kind == "execution" else None,
        "facts": _facts(node),
        "links": _links(node, view),
    }


def _facts(node: Node) -> list[tuple[str, str, str]]:
    """Names, values, and what is shown where the mouse is held over a value that was cut."""
    facts = [
        (short(name), short(value, FACT_CHARACTERS), short(title(value, FACT_CHARACTERS), HOVER))
        for name, value in node.facts.items()
        if value is not None
    ]
    more = len(facts) - MOST_FACTS
    return [*facts[:MOST_FACTS], ("…", f"{more} more", "")] if more > 0 else facts


def _links(node: Node, view: dict[str, Any]) -> list[tuple[str, str]]:
    """What can be opened from a node: words and address."""
    found = []
    if node.execution and node.kind != "unknown":
        found.append(("Open the execution", address("execution", run=node.execution)))
    if node.kind == "execution" and not node.is_start:
        found.append(("Begin here", address("lineage", run=node.execution, **view)))
    if node.kind == "execution" and "dataflow" in node.facts:
        found.append(("Its dataflow", address("dataflow", tag=node.facts["dataflow"])))
    if node.contents and not node.is_start:
        text = "Begin here" if len(node.contents) == 1 else "Begin at the first"
        view = {**view, "hide": [kind for kind in view["hide"] if kind != FILES]}
        found.append((text, address("lineage", file=node.contents[0], **view)))
    return found
