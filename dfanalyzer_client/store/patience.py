"""Wait for a server's answer as long as the server works on it, and no longer.

A firewall that forgot a connection silently drops what is sent over it, and a client would wait
for ever. A statement may well take an hour, so we do not limit its time: when nothing has arrived
for a while, we ask the server over another connection whether it is working for ours.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["PatientSocket"]

T = TypeVar("T")

SILENT_SECONDS = 30.0
KEEPALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}
"""TCP keepalive: seconds of silence before probing, seconds between probes, number of probes."""


class PatientSocket:
    """A socket that gives up a connection on which nothing moves and whose server is not working.

    Args:
        connected: the socket.
        is_worked_for: tells whether the server is, or may be, working for this connection.

    Attributes:
        asks: whether to ask that at all; if not, silence alone is enough to give up.
    """

    def __init__(self, connected: socket.socket, is_worked_for: Callable[[], bool]) -> None:
        self._socket, self._is_worked_for = connected, is_worked_for
        self._given_up = False
        self.asks = True
        connected.settimeout(SILENT_SECONDS)
        with contextlib.suppress(OSError):  # a Unix socket, which no firewall forgets
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEPALIVE.items():
                if hasattr(socket, name):
                    connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def recv_into(self, buffer: WriteableBuffer) -> int:
        """As a socket's."""
        return self._patiently(lambda: self._socket.recv_into(buffer))

    def recv(self, size: int) -> bytes:
        """As a socket's."""
        return self._patiently(lambda: self._socket.recv(size))

    def sendall(self, data: ReadableBuffer) -> None:
        """As a socket's."""
        left = memoryview(data)
        while left:
            left = left[self._patiently(partial(self._socket.send, left)) :]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def _patiently(self, act: Callable[[], T]) -> T:
        while not self._given_up:
            try:
                return act()
            except TimeoutError:
                self._given_up = not (self.asks and self._is_worked_for())
        raise TimeoutError(
            f"nothing arrived for {SILENT_SECONDS:g} seconds, and the server is not working for it"
        )
