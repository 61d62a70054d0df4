"""Limits of a request's duration and size, and of the number of connections.

uvicorn waits without limit for the head of a connection's first request and for a body, and does
not limit connections. So a client that sends a byte per second, or nothing, could occupy as many
connections as the process may have descriptors.
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
    """The limits of a client.

    Attributes:
        idle_seconds: from an answer to the beginning of the next request.
        head_seconds: from the beginning of a connection or a request to the end of its head.
        body_seconds: from there to the end of the request's body.
        unread_seconds: how long a client may read nothing of an answer.
        head_bytes: the size of a request's head.
        pipelined: requests of one connection that wait for the answer to an earlier one.
        connections: how many at a time; a new one replaces the longest idle one.
    """

    idle_seconds: float = 5.0
    head_seconds: float = 20.0
    body_seconds: float = 60.0
    unread_seconds: float = 20.0
    head_bytes: int = 64 << 10
    pipelined: int = 100
    connections: int = 1000


def bounded_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """The protocol of uvicorn, within limits."""
    waiting: dict[_Bounded, None] = {}
    return type("BoundedProtocol", (_Bounded,), {"limits": limits, "waiting": waiting})


class _Bounded(HttpToolsProtocol):
    """One connection.

    Attributes:
        limits: its limits.
        waiting: all connections that wait for their clients, the longest waiting first.
    """

    limits: Limits
    waiting: dict[_Bounded, None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._reading = ""
        """The part of a request that is being read: head, body, or empty if none is."""
        self._bytes = 0
        self._watched = False
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_client(self.limits.head_seconds)
        if len(self.connections) > self.limits.connections:
            idle = (connection for connection in self.waiting if not connection._reading)
            next(idle, next(iter(self.waiting)))._close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._bytes += len(data)
        super().data_received(data)
        if self._reading == "body":
            if self._is_answered() and self._bytes > MAX_BODY:
                self._close()
        elif self._bytes > self.limits.head_bytes:
            self._refuse(431, f"A request's head must have at most {self.limits.head_bytes} bytes.")

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_unread()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= self.limits.pipelined:
            raise ValueError("too many requests at once")  # the parser answers it with 400
        super().on_message_begin()
        if self._newest is not None:  # the time of the first runs since the connection began
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
            self._stop_waiting()

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
        """Wait for the client's next bytes, for that many seconds."""
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._expired)
        self.waiting[self] = None

    def _stop_waiting(self) -> None:
        self.waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expired(self) -> None:
        if self._reading == "head" or (self._reading and not self._is_answered()):
            seconds = self.limits.head_seconds + self.limits.body_seconds
            self._refuse(408, f"A request must be sent within {seconds:g} seconds.")
        else:
            self._close()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer in place of the application, which is told that its client has disconnected."""
        cycle = self._answering
        if cycle is None or not cycle.response_started or cycle.response_complete:
            body = json.dumps({"detail": detail}).encode()
            self.transport.write(
                STATUS_LINE[status] + b"content-type: application/json\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%s" % (len(body), body)
            )
        self._close()

    def _close(self) -> None:
        """Close the connection, even if its client does not read."""
        self._stop_waiting()
        self._disconnect()
        self._watch_unread()
        self.transport.close()

    def _disconnect(self) -> None:
        """Tell the application at once that its client has disconnected."""
        cycle = self._answering
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    def _watch_unread(self) -> None:
        """Abort the connection if its client goes on reading nothing."""
        left = self.transport.get_write_buffer_size()
        if left and not self._watched:
            self._watched = True
            self.loop.call_later(self.limits.unread_seconds, self._check_unread, left)

    def _check_unread(self, before: int) -> None:
        self._watched = False
        if self.transport.get_write_buffer_size() >= before:
            self._disconnect()
            self.transport.abort()
        else:
            self._watch_unread()
