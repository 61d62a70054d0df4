"""The service's routes. Their documentation is what its OpenAPI page shows."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import tzinfo
from typing import Annotated, Any
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from fastapi import FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect

from ..config import settings
from ..delivery.client import Client
from ..errors import (
    ConflictError,
    DfAnalyzerError,
    JournalError,
    PrivateServerError,
    StoreLoginError,
    StoreUnavailableError,
    UnknownTagError,
)
from ..path_query import MAPPINGS, QueryResult, query_with
from ..store import Connection
from ..store.reading import Catalogue
from ._graph import DataflowEntry, DataflowGraph, dataflow_graph
from ._guards import BodyTooLargeError, body_of
from ._ingest import Ingest
from ._json import read_json
from ._specification import as_csv, plain_value, specification
from .messages.dataflow import DataflowMessage
from .messages.task import TaskMessage
from .text_protocol.body import dataflow_of, task_of

__all__ = ["create_app"]

logger = logging.getLogger("uvicorn.error")  # what it writes is seen

MAX_ROWS = 100_000
SHOWN_PROBLEMS = 5
BIGINT = 2**63 - 1
DESCRIPTION = """
Takes what DfAnalyzer's clients send, and answers questions about it.

A message is acknowledged with 200 once it is in the journal on the disk, from where it is stored in
MonetDB, exactly once. A message that cannot be stored is refused with the reason.
"""


class Accepted(BaseModel):
    """A message is in the journal."""

    message: Annotated[int, Field(description="its number there")]


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str


class PathQuery(BaseModel):
    """A path query; see `query` of dfanalyzer_client."""

    model_config = ConfigDict(extra="forbid")

    dataflow: str
    source: list[str]
    target: list[str]
    projection: list[str] = []
    selection: str = ""
    include: list[str] = []
    exclude: list[str] = []
    mapping: str = Field(MAPPINGS[0], description=f"one of {', '.join(MAPPINGS)}")
    limit: Annotated[int, Field(ge=0, le=MAX_ROWS)] = MAX_ROWS


class Rows(BaseModel):
    """What a query found; a NaN is the text `NaN`."""

    columns: list[str]
    rows: list[list[Any]]
    sets: list[str]
    transformations: list[str]


DATAFLOW_EXAMPLE = """dataflow(shop)
dataset(iclean,{customerid;country},{NUMERIC;TEXT})
dataset(oclean,{customerid},{NUMERIC})
transformation(clean,{iclean},{oclean},{})"""
TASK_EXAMPLE = """task(shop,clean,1, ,FINISHED)
collection(iclean,{{1;Chile};{2;Peru}})
collection(oclean,{{1}})"""

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        401: "the token is missing or wrong",
        403: "it comes from another site, or names another host",
        404: "it names what is not there",
        408: "it was not sent in time",
        413: "its body is too large",
        422: "it is not understood, contradicts what was declared, or a value does not fit",
        431: "its head is too large",
        503: "the store does not answer now",
        507: "the journal's disk is full, so the message was not taken",
    }.items()
}


def create_app(
    client: Client, connect: Callable[[], Connection], zone: tzinfo | None = None
) -> FastAPI:
    """The service for one client.

    Args:
        client: takes the messages; it is closed when the service ends.
        connect: a connection to ask the store with.
        zone: of times that name none; None is this machine's.
    """
    ingest = Ingest(client, connect, zone)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        client.start()
        yield
        if not client.close(settings.exit_flush_seconds()):
            logger.warning(
                "Not all messages are stored yet. They are safe in %s: the next service, or "
                "`keras-prov sync`, stores them.", client.home / "journals",
            )  # fmt: skip

    app = FastAPIOffline(
        redoc_url=None, title="Keras-Prov", description=DESCRIPTION, lifespan=lifespan,
        responses=REFUSALS,
    )  # fmt: skip
    _add_ingestion(app, ingest)
    _add_start(app)
    _add_dataflows(app, connect)
    _add_queries(app, connect)
    _add_errors(app)
    _add_schemas(app)
    return app


def _add_ingestion(app: FastAPI, ingest: Ingest) -> None:
    @app.post("/pde/dataflow/json", **_takes(DataflowMessage))
    async def declare_dataflow(request: Request) -> Response:
        """Declare a dataflow, or let it grow."""
        said = read_json(DataflowMessage, await body_of(request))
        return _accepted(await ingest.dataflow(said))

    @app.post("/pde/task/json", **_takes(TaskMessage))
    async def take_task(request: Request) -> Response:
        """Take what a task read and wrote since its last message."""
        said = read_json(TaskMessage, await body_of(request))
        return _accepted(await ingest.task(said))

    @app.post("/pde/dataflow", **_takes_text(DATAFLOW_EXAMPLE))
    async def declare_dataflow_in_text(request: Request) -> Response:
        """Declare a dataflow in DfAnalyzer's text protocol."""
        return _accepted(await ingest.dataflow(dataflow_of(await body_of(request))))

    @app.post("/pde/task", **_takes_text(TASK_EXAMPLE))
    async def take_task_in_text(request: Request) -> Response:
        """Take what a task read and wrote, in DfAnalyzer's text protocol."""
        return _accepted(await ingest.task(task_of(await body_of(request))))


def _add_start(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def start() -> Response:
        """Show what can be asked."""
        return RedirectResponse("/docs")


def _add_dataflows(app: FastAPI, connect: Callable[[], Connection]) -> None:
    @app.get("/api/dataflows/list")
    def list_dataflows() -> list[DataflowEntry]:
        """All dataflows that are stored, oldest first."""
        with _asking(connect) as connection:
            found = Catalogue(connection).dataflows()
        return [DataflowEntry(id=id_, tag=tag) for id_, tag in found]

    @app.get("/api/dataflows/{id}")
    def show_dataflow(id: Annotated[int, Path(ge=-BIGINT, le=BIGINT)]) -> DataflowGraph:
        """A dataflow's transformations and sets as nodes, and what they read and write as edges."""
        with _asking(connect) as connection:
            catalogue = Catalogue(connection)
            tag = dict(catalogue.dataflows()).get(id)
            layout = None if tag is None else catalogue.layout(tag)
        if layout is None:
            raise UnknownTagError(f"There is no dataflow {id}: GET /api/dataflows/list lists them.")
        return dataflow_graph(layout)


def _add_queries(app: FastAPI, connect: Callable[[], Connection]) -> None:
    def found(arguments: dict[str, Any]) -> QueryResult:
        with _asking(connect) as connection:
            return query_with(connection, **arguments)

    @app.post("/api/query", **_takes(PathQuery, Rows))
    async def query(request: Request) -> Response:
        """Rows of sets, joined along the transformations between them."""
        asked = PathQuery.model_validate_json(await body_of(request))
        result = await run_sync(found, asked.model_dump())
        rows = [[plain_value(value) for value in row] for row in result.rows]
        answer = Rows(
            columns=result.columns, rows=rows, sets=result.sets,
            transformations=result.transformations,
        )  # fmt: skip
        return Response(answer.model_dump_json(), media_type="application/json")

    @app.post(
        "/query_interface/{dataflow_tag}/{dataflow_id}",
        response_model=None,
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
        openapi_extra={
            "requestBody": {
                "content": {
                    "text/plain": {
                        "schema": {"type": "string"},
                        "example": "mapping(PHYSICAL)\nsource(itrainingmodel)\n"
                        "target(otrainingmodel)\nprojection(otrainingmodel.loss)\n"
                        "selection(otrainingmodel.loss < 0.5)",
                    }
                }
            }
        },
    )
    async def query_interface(
        request: Request,
        dataflow_tag: str,
        dataflow_id: Annotated[int, Path(ge=-BIGINT, le=BIGINT)],
    ) -> Response:
        """DfAnalyzer's query interface: a specification in lines, rows as CSV."""
        arguments = specification(_asked((await body_of(request)).decode()))

        def answer() -> str:
            with _asking(connect) as connection:
                if (dataflow_id, dataflow_tag.lower()) not in Catalogue(connection).dataflows():
                    raise UnknownTagError(
                        f"There is no dataflow {dataflow_tag!r} of id {dataflow_id}."
                    )
            return as_csv(found({"dataflow": dataflow_tag, "limit": MAX_ROWS, **arguments}))

        return Response(await run_sync(answer), media_type="text/csv")


def _asked(body: str) -> str:
    """The specification of a body: all of it, or a form's field, as DfAnalyzer's page sends it."""
    if not body.startswith("message="):
        return body
    return parse_qs(body, keep_blank_values=True)["message"][0]


@contextlib.contextmanager
def _asking(connect: Callable[[], Connection]) -> Iterator[Connection]:
    connection = connect()
    try:
        with connection.transaction():
            yield connection
    finally:
        connection.close()


def _takes(model: type[BaseModel], answer: type[BaseModel] = Accepted) -> dict[str, Any]:
    """How a route is documented that reads its body itself.

    A client may say that its JSON is something else, as curl does, and FastAPI would refuse it.
    """
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    body = {"content": {"application/json": {"schema": schema}}, "required": True}
    return {"response_model": answer, "openapi_extra": {"requestBody": body}}


def _takes_text(example: str) -> dict[str, Any]:
    """How a route is documented that reads text."""
    content = {"text/plain": {"schema": {"type": "string"}, "example": example}}
    body = {"content": content, "required": True}
    return {"response_model": Accepted, "openapi_extra": {"requestBody": body}}


def _add_schemas(app: FastAPI) -> None:
    """Add the messages to the OpenAPI document."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        for model in (DataflowMessage, TaskMessage, PathQuery):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            components = document["components"]["schemas"]
            components.update(schema.pop("$defs", {}))
            components[model.__name__] = schema
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it


def _accepted(number: int) -> Response:
    return Response(f'{{"message":{number}}}', media_type="application/json")


def _add_errors(app: FastAPI) -> None:
    """Each of our errors as the status that says whose it is."""
    for kinds, status in (
        ((UnknownTagError,), 404),
        ((BodyTooLargeError,), 413),
        ((StoreUnavailableError, StoreLoginError, ConflictError, PrivateServerError), 503),
        ((JournalError,), 507),
        ((DfAnalyzerError, ValueError), 422),
    ):
        for kind in kinds:
            app.add_exception_handler(kind, _refusal(status))
    for invalid in (ValidationError, RequestValidationError):
        app.add_exception_handler(invalid, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)


def _refusal(status: int) -> Callable[[Request, Exception], Response]:
    def handler(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": str(error)}, status)

    return handler


def _invalid(_: Request, error: Exception) -> Response:
    """Where in the message what is wrong, without repeating the whole of it."""
    assert isinstance(error, (ValidationError, RequestValidationError))  # noqa: S101 (for mypy)
    problems = [
        f"{'.'.join(map(str, each['loc'])) or 'message'}: {each['msg']}"
        for each in error.errors()[:SHOWN_PROBLEMS]
    ]
    return JSONResponse({"detail": "; ".join(problems)}, 422)


def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it
