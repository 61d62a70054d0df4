"""Checks before every request, and headers on every answer. It is plain ASGI, as the service's."""

from __future__ import annotations

import hashlib
import hmac
import html
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from ..support.listening import LOOPBACK_NAMES, name_of

__all__ = ["POST_HEADER", "Guard", "post_token"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POST_HEADER = "x-csrf-token"
FRAME_PREFIX = "/frame/"
"""Below it comes the token: notebooks show the viewer in a frame, to which browsers send no cookie
of another site."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)
NOT_FRAMED = "'none'"
FRAMED = "'self' http://localhost:* http://127.0.0.1:* vscode-webview:"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

LINK = (
    "This page needs the link that `keras-prov view` printed when it started, with its token: "
    "open that again."
)

ENTRANCE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Keras-Prov</title>
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url={target}"></head>
<body><a href="{target}">Open the viewer</a></body></html>
"""


def post_token(token: str) -> str:
    """What requests that change something carry; it is in our pages only."""
    return hmac.new(token.encode(), b"post", hashlib.sha256).hexdigest()


class Guard:
    """Passes on the requests that are allowed.

    Args:
        app: answers them.
        token: opens the viewer; in the link, a cookie, a bearer token or below ``/frame/``.
        hosts: names by which it may be called beside this machine's own; None: any.
        root_path: the path that a proxy puts before ours, and does not remove.
    """

    def __init__(
        self, app: App, token: str, *, hosts: Collection[str] | None = (), root_path: str = ""
    ) -> None:
        self._app, self._token = app, token
        self._hosts = None if hosts is None else LOOPBACK_NAMES | {each.lower() for each in hosts}
        self._root = root_path.rstrip("/")
        self._cookie = f"keras-prov-{hashlib.sha256(token.encode()).hexdigest()[:12]}"
        self._post_token = post_token(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._without_root(scope)
        framed, scope = self._without_frame_prefix(scope)
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        answer = self._refusal(scope, headers, framed)

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                policy = POLICY + (FRAMED if framed else NOT_FRAMED)
                added = {**HEADERS, "Content-Security-Policy": policy}
                message["headers"] = [
                    *message.get("headers", ()),
                    *((name.lower().encode(), text.encode()) for name, text in added.items()),
                ]
            await send(message)

        await (answer or self._app)(scope, receive, send_with_headers)

    def _without_root(self, scope: Scope) -> Scope:
        path = scope["path"]
        if self._root and (path == self._root or path.startswith(f"{self._root}/")):
            return {**scope, "path": path[len(self._root) :] or "/"}
        return scope

    def _without_frame_prefix(self, scope: Scope) -> tuple[bool, Scope]:
        """Whether the request comes from a frame that knows the token, and its path without it."""
        path = scope["path"]
        if not path.startswith(FRAME_PREFIX):
            return False, scope
        token, slash, rest = path[len(FRAME_PREFIX) :].partition("/")
        if not slash or not self._is_token(token):
            return False, scope
        return True, {**scope, "path": f"/{rest}"}

    def _refusal(self, scope: Scope, headers: dict[str, str], framed: bool) -> Response | None:
        """What answers a request that is not allowed, or one that brings the token."""
        host = headers.get("host", "")
        if self._hosts is not None and name_of(host) not in self._hosts:
            return PlainTextResponse(
                f"This viewer answers this machine only. Received: Host {host!r:.100}. Behind a "
                "proxy, start it with --allow-host NAME.",
                403,
            )
        if not self._is_own_origin(headers, host):
            return PlainTextResponse("Requests from pages of other sites are refused.", 403)
        given = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("token")
        if given is not None and scope["method"] == "GET" and self._is_token(given):
            return self._entrance(scope, headers)
        if not framed and not self._is_known(headers):
            return PlainTextResponse(LINK, 401)
        if scope["method"] not in ("GET", "HEAD") and not hmac.compare_digest(
            headers.get(POST_HEADER, "").encode(), self._post_token.encode()
        ):
            return PlainTextResponse("This page is of an earlier viewer: reload it.", 403)
        return None

    def _is_own_origin(self, headers: dict[str, str], host: str) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") not in ("cross-site",) or (
                headers.get("sec-fetch-mode") == "navigate"
            )
        return origin.partition("://")[2] in {host, headers.get("x-forwarded-host", host)}

    def _is_known(self, headers: dict[str, str]) -> bool:
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if bearer and self._is_token(bearer):
            return True
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return found is not None and self._is_token(found.value)

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._token.encode())

    def _entrance(self, scope: Scope, headers: dict[str, str]) -> Response:
        """Put the token into a cookie, and go to the same address without it.

        The page goes on by itself: behind a redirect that another site's page led to, browsers
        would not send the new cookie.
        """
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        rest = urlencode([pair for pair in pairs if pair[0] != "token"])
        here = scope["path"].rpartition("/")[2] or "./"
        target = html.escape(f"{here}?{rest}" if rest else here)
        prefix = headers.get("x-forwarded-prefix", "") or self._root
        secure = headers.get("x-forwarded-proto") == "https"
        flags = f"HttpOnly; SameSite=Strict; Path={_cookie_path(prefix)}{'; Secure' * secure}"
        return HTMLResponse(
            ENTRANCE.format(target=target),
            headers={
                "Set-Cookie": f"{self._cookie}={self._token}; {flags}",
                "Cache-Control": "no-store",
            },
        )


def _cookie_path(prefix: str) -> str:
    """The path of the cookie: below a proxy's prefix, if it is plain."""
    path = f"/{prefix.strip('/')}"
    return path if all(each.isalnum() or each in "/-_.~" for each in path) else "/"
