"""The relay's requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import (
    ConflictError,
    DfAnalyzerError,
    NotYetError,
    PrivateServerError,
    StoreLoginError,
    StoreUnavailableError,
)
from ..journal import is_head
from ..service import BodyTooLargeError, body_of
from ..store import MonetDBStore
from ._writer import BusyError, Writer

__all__ = ["create_app"]

MAX_BODY = 64 << 20
"""The largest batch, in bytes; exporters send about a megabyte, or one larger message."""

BUSY_SECONDS, AWAY_SECONDS = 2, 5
"""After so long a sender may try again: when too much waits, and when the database is away."""

MAX_JOURNAL = 100


Handler = Callable[[Request], Awaitable[Response]]


def create_app(writer: Writer) -> Starlette:
    """The relay for one writer, which begins and ends with it."""

    async def records(request: Request) -> Response:
        """Store lines of a journal; the answer comes once they are committed."""
        size = _size(request)
        writer.reserve(size)
        try:
            body = await body_of(request, size)
            stored = await asyncio.wrap_future(
                writer.write(_journal(request), body, _head(request))
            )
        finally:
            writer.release(size)
        return JSONResponse({"position": stored.position, "left_out": stored.left_out})

    async def position(request: Request) -> Response:
        """How far a journal is stored."""
        journal = _journal(request)

        def look_up(store: MonetDBStore) -> int:
            store.look_up_positions([journal])
            return store.position(journal)

        return JSONResponse({"position": await asyncio.wrap_future(writer.ask(look_up))})

    async def prune(request: Request) -> Response:
        """Remove all marks of a completely stored journal except the last."""
        journal = _journal(request)
        await asyncio.wrap_future(writer.ask(lambda store: store.prune_marks(journal)))
        return JSONResponse({})

    async def erasures(_: Request) -> Response:
        """The digests of what was erased."""
        digests = await asyncio.wrap_future(writer.ask(lambda store: store.erasures.digests))
        return JSONResponse({"digests": sorted(digests)})

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        writer.start()
        yield
        await asyncio.to_thread(writer.stop)

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/records", _answering(records), methods=["POST"]),
            Route("/position", _answering(position), methods=["GET"]),
            Route("/prune", _answering(prune), methods=["POST"]),
            Route("/erasures", _answering(erasures), methods=["GET"]),
        ],
    )


def _answering(handler: Handler) -> Handler:
    """A handler whose errors are answers."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except Exception as error:
            return _refusal(error)

    return answer


def _refusal(error: Exception) -> Response:
    detail = {"detail": str(error) or type(error).__name__}
    if isinstance(error, BodyTooLargeError):
        return JSONResponse(detail, 413)
    if isinstance(error, BusyError):
        return JSONResponse(detail, 429, headers={"Retry-After": str(BUSY_SECONDS)})
    if isinstance(
        error, (StoreUnavailableError, StoreLoginError, ConflictError, PrivateServerError)
    ):
        return JSONResponse(detail, 503, headers={"Retry-After": str(AWAY_SECONDS)})
    if isinstance(error, _MalformedError):
        return JSONResponse(detail, 400)
    kind = "not_yet" if isinstance(error, NotYetError) else "refused"
    return JSONResponse({**detail, "kind": kind}, 422)


class _MalformedError(DfAnalyzerError):
    """A request that no exporter sends."""


def _journal(request: Request) -> str:
    journal = request.query_params.get("journal")
    if journal is None or len(journal) > MAX_JOURNAL:
        raise _MalformedError("The parameter journal must be the id of a journal.")
    return journal


def _head(request: Request) -> bytes:
    """The head of the journal's hash chain after its last line; empty if it was not sent."""
    head = request.query_params.get("head", "")
    if head and not is_head(head):
        raise _MalformedError("The parameter head must be a SHA-256, as hexadecimal digits.")
    return bytes.fromhex(head)


def _size(request: Request) -> int:
    """The size of the body, which is reserved before it is read."""
    size = request.headers.get("content-length", "")
    if not size.isascii() or not size.isdigit():
        raise _MalformedError("A Content-Length is required.")
    if int(size) > MAX_BODY:
        raise BodyTooLargeError(f"A batch must have at most {MAX_BODY} bytes.")
    return int(size)
