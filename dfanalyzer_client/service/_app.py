"""The service, and its routes for messages. Docstrings of routes are shown on its OpenAPI page."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import tzinfo

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline

from ..config import settings
from ..delivery.client import Client
from ..store import Connection
from ._guards import body_of
from ._ingest import Ingest
from ._json import read_json
from ._openapi import DATAFLOW_EXAMPLE, TASK_EXAMPLE, add_schemas, takes, takes_text
from ._problems import REFUSALS, add_errors
from ._questions import add_dataflows, add_queries, add_query_interface
from .messages.dataflow import DataflowMessage
from .messages.task import TaskMessage
from .text_protocol.body import dataflow_of, task_of

__all__ = ["create_app"]

logger = logging.getLogger("uvicorn.error")  # uvicorn shows what this logger writes

DESCRIPTION = """
Receives messages of DfAnalyzer's clients, and answers queries about them.

A message is acknowledged with 200 once it is in the journal on the disk. From there it is stored in
MonetDB, exactly once. A message that cannot be stored is refused with the reason.
"""


def create_app(
    client: Client, connect: Callable[[], Connection], zone: tzinfo | None = None
) -> FastAPI:
    """The service for one client.

    Args:
        client: receives the messages; it is closed when the service ends.
        connect: opens a connection for queries.
        zone: the time zone of times without one; None: this machine's.
    """
    ingest = Ingest(client, connect, zone)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        client.start()
        yield
        if not client.close(settings.exit_flush_seconds()):
            logger.warning(
                "Not all messages are stored yet. They are safe in %s: the next service, or "
                "`keras-prov sync`, stores them.",
                client.home / "journals",
            )

    app = FastAPIOffline(
        redoc_url=None,
        title="Keras-Prov",
        description=DESCRIPTION,
        lifespan=lifespan,
        responses=REFUSALS,
    )
    _add_ingestion(app, ingest)
    _add_start(app)
    add_dataflows(app, connect)
    add_queries(app, connect)
    add_query_interface(app, connect)
    add_errors(app)
    add_schemas(app)
    return app


def _add_ingestion(app: FastAPI, ingest: Ingest) -> None:
    @app.post("/pde/dataflow/json", **takes(DataflowMessage))
    async def declare_dataflow(request: Request) -> Response:
        """Declare a dataflow, or add to it."""
        message = read_json(DataflowMessage, await body_of(request))
        return _accepted(await ingest.dataflow(message))

    @app.post("/pde/task/json", **takes(TaskMessage))
    async def record_task(request: Request) -> Response:
        """Record what a task read and wrote since its last message."""
        message = read_json(TaskMessage, await body_of(request))
        return _accepted(await ingest.task(message))

    @app.post("/pde/dataflow", **takes_text(DATAFLOW_EXAMPLE))
    async def declare_dataflow_in_text(request: Request) -> Response:
        """Declare a dataflow in DfAnalyzer's text protocol."""
        return _accepted(await ingest.dataflow(dataflow_of(await body_of(request))))

    @app.post("/pde/task", **takes_text(TASK_EXAMPLE))
    async def record_task_in_text(request: Request) -> Response:
        """Record what a task read and wrote, in DfAnalyzer's text protocol."""
        return _accepted(await ingest.task(task_of(await body_of(request))))


def _add_start(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def start() -> Response:
        """Redirect to the page that describes the requests."""
        return RedirectResponse("/docs")


def _accepted(number: int) -> Response:
    return Response(f'{{"message":{number}}}', media_type="application/json")
