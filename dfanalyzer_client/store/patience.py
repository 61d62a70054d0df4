"""How long to wait for a server's answer: as long as it works on it, and no longer.

A firewall that forgot a connection drops what is sent over it without a word, and whoever waits on
it waits for ever. A statement may rightly take an hour, so its time is not what is bounded: when
nothing came for a while, the server is asked over another connection whether it works for ours.
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
"""Seconds of silence, seconds between probes, and probes, after which the system gives up."""


class PatientSocket:
    """A socket that gives a connection up when nothing moves and nobody is at work at its end.

    Args:
        connected: the socket.
        is_worked_for: asks whether the server is at work for it, or may be.

    Attributes:
        asks: whether it is asked at all; else silence alone is enough.
    """

    def __init__(self, connected: socket.socket, is_worked_for: Callable[[], bool]) -> None:
        self._socket, self._is_worked_for = connected, is_worked_for
        self._given_up = False
        self.asks = True
        connected.settimeout(SILENT_SECONDS)
        with contextlib.suppress(OSError):  # of a Unix socket, which no firewall forgets
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
            f"nothing came for {SILENT_SECONDS:g} seconds, and the server is not at work for it"
        )
