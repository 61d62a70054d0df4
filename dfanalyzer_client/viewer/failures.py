"""What a page says when the viewer itself fails, and the traceback on the server's stderr."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from fastapi import Request, Response

from ..support.terminal import terminal_text
from .guards import App, Receive, Scope, Send
from .pages import page

__all__ = ["FAILED", "Failures", "error_page", "log_failure", "request_line"]

logger = logging.getLogger("uvicorn.error")  # uvicorn shows what this logger writes

FAILED = (
    "The viewer failed here. That is a fault of ours, and nothing stored is lost. Try again, or "
    "open another screen; if it stays, please report it with the traceback, which is where "
    "`keras-prov view` runs, or in the log of your notebook's server."
)
"""What pages say of it. The traceback has paths and values, which are for the server's owner."""

MOST_CHARACTERS = 500
"""Of an address in the log."""

MOST_SAID = 1_200
"""Of an error, which may quote a long text of the address; what helps is at its end."""


class Failures:
    """Answers with a page where nothing else does, and logs the traceback once.

    Of an answer that has begun, the connection is closed, so that a file that was cut is noticed;
    uvicorn logs that.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        has_begun = False

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if has_begun or scope["type"] != "http":
                raise
            request = Request(scope)
            log_failure(request_line(request), error)
            await error_page(request, 500, FAILED)(scope, receive, send)


def log_failure(what: str, error: BaseException) -> None:
    """Write a traceback where `keras-prov view` runs."""
    logger.error("The viewer failed at %s:", terminal_text(what), exc_info=error)


def request_line(request: Request) -> str:
    """The method and address of a request, without a token."""
    query = request.url.query
    address = f"{request.scope['path']}{'?' * bool(query)}{query}"
    return f"{request.method} {address[:MOST_CHARACTERS]}"


def error_page(request: Request, status: int, text: str) -> Response:
    """A page, or a part of one, that says what is wrong and what to do."""
    whole = "hx-request" not in request.headers and "text/html" in request.headers.get("accept", "")
    return page(
        request,
        "error.html" if whole else "parts/error.html",
        status=status,
        text=_cut(text),
        is_away=status == 503,
    )


def _cut(text: str) -> str:
    half = MOST_SAID // 2
    return text if len(text) <= MOST_SAID else f"{text[:half]} … {text[-half:]}"
