"""Checks before every request: who sends it, from where, and how much.

It is plain ASGI, because thousands of requests a second may pass through it.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from ..errors import DfAnalyzerError
from ..support.listening import LOOPBACK_NAMES, name_of

__all__ = ["MAX_BODY", "BodyTooLargeError", "Guard", "body_of"]

MAX_BODY = 16 << 20
"""The largest body of a request, in bytes."""

OPEN_PATHS = ("/docs", "/openapi.json", "/static-offline-docs/")
"""Pages without data, which a browser loads without credentials."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyTooLargeError(DfAnalyzerError):
    """The body of a request is too large."""


class Guard:
    """Passes on the requests that are allowed.

    Args:
        app: answers them.
        token: the bearer token (RFC 6750) that every request must carry; None: no token is needed.
        only_loopback: refuse requests that name another host. A web page can make a browser send
            such requests by pointing its own name to this machine (DNS rebinding).
    """

    def __init__(self, app: App, token: str | None, *, only_loopback: bool) -> None:
        self._app, self._only_loopback = app, only_loopback
        self._expected = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] == "http" and "//" in scope["path"]:
            # the predecessors' clients append paths that begin with a slash to an address that ends
            # with one
            scope = {**scope, "path": re.sub("//+", "/", scope["path"])}
        problem = self._problem(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
            return
        status, detail = problem
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        response = JSONResponse({"detail": detail}, status, headers=headers)
        await response(scope, receive, send)

    def _problem(self, scope: Scope) -> tuple[int, str] | None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if self._only_loopback and name_of(host) not in LOOPBACK_NAMES:
            return 403, f"This service answers this machine only. Received: Host {host!r:.100}."
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").partition("://")[2] != host:
            return 403, "Requests from pages of other sites are refused."
        if self._expected is None or scope["path"].startswith(OPEN_PATHS):
            return None
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._expected):
            return 401, "Send the service's token: Authorization: Bearer …"
        return None


async def body_of(request: Request, limit: int = MAX_BODY) -> bytes:
    """The body of a request; raises BodyTooLargeError after more than `limit` bytes."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise BodyTooLargeError(f"A request's body must have at most {limit} bytes.")
            parts.append(part)
    except asyncio.CancelledError:  # the service ends, and no longer waits for the rest
        raise ClientDisconnect from None
    return b"".join(parts)
