"""What stands before every request: who asks, from where, and how much they send.

Plain ASGI, since a request for each of thousands of messages a second passes through.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from ..errors import DfAnalyzerError

__all__ = ["LOOPBACK_NAMES", "MAX_BODY", "BodyTooLargeError", "Guard", "body_of"]

MAX_BODY = 16 << 20
"""Bytes of a request's body."""

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
OPEN_PATHS = ("/docs", "/openapi.json", "/static-offline-docs/")
"""What holds no data, and what a browser loads without a credential."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyTooLargeError(DfAnalyzerError):
    """A request's body has more bytes than are read."""


class Guard:
    """Lets through who may ask.

    Args:
        app: what answers then.
        token: the bearer token (RFC 6750) that each request carries; None where none is asked for.
        only_loopback: refuse requests that name another host, as a page of the web makes a browser
            send them once it has bent its own name to this machine (DNS rebinding).
    """

    def __init__(self, app: App, token: str | None, *, only_loopback: bool) -> None:
        self._app, self._only_loopback = app, only_loopback
        self._expected = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
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
        if self._only_loopback and _name(host) not in LOOPBACK_NAMES:
            return 403, f"This service is for this machine alone. Received: Host {host!r:.100}."
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").partition("://")[2] != host:
            return 403, "A page of another site asks through a browser."
        if self._expected is None or scope["path"].startswith(OPEN_PATHS):
            return None
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._expected):
            return 401, "Send the service's token: Authorization: Bearer …"
        return None


async def body_of(request: Request, limit: int = MAX_BODY) -> bytes:
    """The body of a request; raises BodyTooLargeError, and then has read `limit` bytes of it."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise BodyTooLargeError(f"A request's body has at most {limit} bytes.")
            parts.append(part)
    except asyncio.CancelledError:  # the service ends, and waits for the rest no longer
        raise ClientDisconnect from None
    return b"".join(parts)


def _name(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()
