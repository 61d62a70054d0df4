"""The service's routes for queries. Docstrings of routes are shown on its OpenAPI page."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from fastapi import FastAPI, Path, Request, Response

from ..errors import UnknownTagError
from ..path_query import QueryResult, query_with
from ..store import Connection
from ..store.reading import Catalogue
from ._graph import DataflowEntry, DataflowGraph, dataflow_graph
from ._guards import body_of
from ._models import MAX_ROWS, PathQuery, Rows
from ._openapi import takes
from ._specification import as_csv, plain_value, specification
from .messages.fields import BIGINT

__all__ = ["add_dataflows", "add_queries", "add_query_interface"]

MAX_HOSTS = 100
"""So many machines' last questions are remembered."""

SPECIFICATION_EXAMPLE = """mapping(PHYSICAL)
source(itrainingmodel)
target(otrainingmodel)
projection(otrainingmodel.loss)
selection(otrainingmodel.loss < 0.5)"""
AS_CSV: dict[str, Any] = {
    "response_model": None,
    "responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
}
SPECIFIED: dict[str, Any] = {
    **AS_CSV,
    "openapi_extra": {
        "requestBody": {
            "content": {
                "text/plain": {"schema": {"type": "string"}, "example": SPECIFICATION_EXAMPLE}
            }
        }
    },
}
"""The documentation of the query interface."""


def add_dataflows(app: FastAPI, connect: Callable[[], Connection]) -> None:
    """Add the routes that list dataflows and show one."""

    @app.get("/api/dataflows/list")
    def list_dataflows() -> list[DataflowEntry]:
        """All dataflows that are stored, oldest first."""
        with connect() as connection, connection.transaction():
            found = Catalogue(connection).dataflows()
        return [DataflowEntry(id=id_, tag=tag) for id_, tag in found]

    @app.get("/api/dataflows/{id}", response_model_exclude_none=True)
    def show_dataflow(id: Annotated[int, Path(ge=-BIGINT, le=BIGINT)]) -> DataflowGraph:
        """A dataflow's transformations and sets as nodes, and what they read and write as edges."""
        with connect() as connection, connection.transaction():
            catalogue = Catalogue(connection)
            tag = dict(catalogue.dataflows()).get(id)
            layout = None if tag is None else catalogue.layout(tag)
        if layout is None:
            raise UnknownTagError(f"There is no dataflow {id}: GET /api/dataflows/list lists them.")
        return dataflow_graph(layout)


def add_queries(app: FastAPI, connect: Callable[[], Connection]) -> None:
    """Add the route of path queries in JSON."""

    def run_query(arguments: dict[str, Any]) -> QueryResult:
        with connect() as connection:
            return query_with(connection, **arguments)

    @app.post("/api/query", **takes(PathQuery, Rows))
    async def query(request: Request) -> Response:
        """Rows of sets, joined along the transformations between them."""
        arguments = PathQuery.model_validate_json(await body_of(request)).model_dump()
        result = await run_sync(run_query, arguments)
        rows = [[plain_value(value) for value in row] for row in result.rows]
        answer = Rows(
            columns=result.columns,
            rows=rows,
            sets=result.sets,
            transformations=result.transformations,
        )
        return Response(answer.model_dump_json(), media_type="application/json")


def add_query_interface(app: FastAPI, connect: Callable[[], Connection]) -> None:
    """Add the route of DfAnalyzer's query interface, and that which saves its last answer."""
    last: OrderedDict[str, Callable[[], str]] = OrderedDict()

    @app.post("/query_interface/{dataflow_tag}/{dataflow_id}", **SPECIFIED)
    async def query_interface(
        request: Request,
        dataflow_tag: str,
        dataflow_id: Annotated[int, Path(ge=-BIGINT, le=BIGINT)],
    ) -> Response:
        """DfAnalyzer's query interface: a specification line by line; the answer is CSV."""
        arguments = specification(_specification_in((await body_of(request)).decode()))

        def answer() -> str:
            with connect() as connection:
                with connection.transaction():
                    known = Catalogue(connection).dataflows()
                if (dataflow_id, dataflow_tag.lower()) not in known:
                    raise UnknownTagError(
                        f"There is no dataflow {dataflow_tag!r} with id {dataflow_id}."
                    )
                return as_csv(query_with(connection, dataflow_tag, limit=MAX_ROWS, **arguments))

        text = await run_sync(answer)
        last[_host(request)] = answer
        while len(last) > MAX_HOSTS:
            last.popitem(last=False)
        return Response(text, media_type="text/csv")

    @app.get("/downloadCSV", **AS_CSV)
    async def download_csv(request: Request) -> Response:
        """The answer to the last question that your machine asked the query interface, as a file.

        It is asked again, so that the rows are those of now.
        """
        answer = last.get(_host(request))
        if answer is None:
            raise UnknownTagError(
                "Your machine has asked no question that could be answered: POST one to "
                "/query_interface/{dataflow_tag}/{dataflow_id} first."
            )
        name = {"Content-Disposition": 'attachment; filename="query_result.csv"'}
        return Response(await run_sync(answer), media_type="text/csv", headers=name)


def _host(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _specification_in(body: str) -> str:
    """The specification in a body: all of it, or the form field that DfAnalyzer's page sends."""
    if not re.match(r"([^\s(]*&)?message=", body):
        return body
    return parse_qs(body, keep_blank_values=True)["message"][0]
