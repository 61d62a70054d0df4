"""How long and how large a request may be, and how many connections there may be.

uvicorn waits for ever for the head of a connection's first request and for a body, and counts no
connections: who sends a byte a second, or nothing, would hold as many as there are descriptors.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from ._guards import MAX_BODY

__all__ = ["Limits", "bounded_protocol"]


@dataclass(frozen=True)
class Limits:
    """What a client may ask of the service's patience.

    Attributes:
        idle_seconds: after an answer, until the next request begins.
        head_seconds: from a connection's begin, or a request's, to the end of the request's head.
        body_seconds: from there to the end of its body.
        unread_seconds: in which something of an answer is read.
        head_bytes: of a request's head.
        pipelined: requests of one connection that wait for the answer to one before.
        connections: at once; a new one takes the place of the oldest that asks nothing.
    """

    idle_seconds: float = 5.0
    head_seconds: float = 20.0
    body_seconds: float = 60.0
    unread_seconds: float = 20.0
    head_bytes: int = 64 << 10
    pipelined: int = 100
    connections: int = 1000


def bounded_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """The protocol of uvicorn within limits."""
    waiting: dict[_Bounded, None] = {}
    return type("BoundedProtocol", (_Bounded,), {"limits": limits, "waiting": waiting})


class _Bounded(HttpToolsProtocol):
    """One connection.

    Attributes:
        limits: that it keeps to.
        waiting: all connections that wait for their clients, the longest first.
    """

    limits: Limits
    waiting: dict[_Bounded, None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._reading = ""
        """Part of a request that has begun and is not read to its end: head, body or none."""
        self._bytes = 0
        self._watched = False
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_client(self.limits.head_seconds)
        if len(self.connections) > self.limits.connections:
            idle = (each for each in self.waiting if not each._reading)
            next(idle, next(iter(self.waiting)))._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._bytes += len(data)
        super().data_received(data)
        if self._reading == "body":
            if self._is_answered() and self._bytes > MAX_BODY:
                self._end()
        elif self._bytes > self.limits.head_bytes:
            self._refuse(431, f"A request's head has at most {self.limits.head_bytes} bytes.")

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._end()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= self.limits.pipelined:
            raise ValueError("too many requests at once")  # which the parser refuses with 400
        super().on_message_begin()
        if self._newest is not None:  # else the time runs since the connection's begin
            self._await_client(self.limits.head_seconds)
        self._reading = "head"

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._reading, self._bytes = "body", 0
        self._await_client(self.limits.body_seconds)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._reading, self._bytes = "", 0
        if self._is_answered():
            self._await_client(self.limits.idle_seconds)
        else:
            self._forget()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_answered():
            self._await_client(self.limits.idle_seconds)

    @property
    def _newest(self) -> RequestResponseCycle | None:
        """The last request whose head was read."""
        return self.cycle

    def _is_answered(self) -> bool:
        return self._newest is not None and self._newest.response_complete

    def _await_client(self, seconds: float) -> None:
        """Give the client so long for what comes next."""
        self._forget()
        self._timer = self.loop.call_later(seconds, self._expired)
        self.waiting[self] = None

    def _forget(self) -> None:
        self.waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expired(self) -> None:
        if self._reading == "head" or (self._reading and not self._is_answered()):
            seconds = self.limits.head_seconds + self.limits.body_seconds
            self._refuse(408, f"A request is sent within {seconds:g} seconds.")
        else:
            self._end()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer in place of the application, which learns that its client has gone."""
        now = self._answering
        if now is None or not now.response_started or now.response_complete:
            body = json.dumps({"detail": detail}).encode()
            self.transport.write(
                STATUS_LINE[status] + b"content-type: application/json\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(body), body)
            )
        self._end()

    def _end(self) -> None:
        """Close the connection, also where its client does not read."""
        self._forget()
        self._let_go()
        self._watch()
        self.transport.close()

    def _let_go(self) -> None:
        """Whatever answers learns at once that its client has gone, and writes no more."""
        now = self._answering
        if now is not None and not now.response_complete:
            now.disconnected = True
            now.message_event.set()

    def _watch(self) -> None:
        """Cut the connection off when its client reads nothing of what is left unread."""
        left = self.transport.get_write_buffer_size()
        if left and not self._watched:
            self._watched = True
            self.loop.call_later(self.limits.unread_seconds, self._unread, left)

    def _unread(self, before: int) -> None:
        self._watched = False
        if self.transport.get_write_buffer_size() >= before:
            self._let_go()
            self.transport.abort()
        else:
            self._watch()
