"""Connections with TLS, which pymonetdb 1.9.1 does not open if there is a time limit for that.

It sets the limit on the socket that it had before TLS took over, which is closed by then. Without
a limit, a server that accepts a connection and says nothing would be waited for without end.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import pymonetdb.mapi
import pymonetdb.sql.connections
from pymonetdb.target import Target

__all__ = ["connect_with_tls"]

TARGET_NAMES = {"username": "user"}
"""What a connection's argument is called in the driver's description of where to connect."""


def connect_with_tls(arguments: Mapping[str, Any]) -> Any:
    """What ``pymonetdb.connect(**arguments)`` does, where `database` is a URL."""
    new: Any = Target  # which is not annotated
    target = new()
    for name, value in arguments.items():
        if name != "database":
            setattr(target, TARGET_NAMES.get(name, name), value)
    target.boundary()
    target.parse(arguments["database"])
    return _Connection(target)


class _Connection(pymonetdb.sql.connections.Connection):
    """A connection whose protocol is ours."""

    def __setattr__(self, name: str, value: Any) -> None:
        is_theirs = name == "mapi" and type(value) is pymonetdb.mapi.Connection
        super().__setattr__(name, _Protocol() if is_theirs else value)


class _Protocol(pymonetdb.mapi.Connection):
    """The driver's protocol, which sets time limits on the socket that is in use."""

    @property
    def raw_sock(self) -> socket.socket | None:
        """The socket."""
        return self.sock

    @raw_sock.setter
    def raw_sock(self, _: socket.socket | None) -> None:
        pass
