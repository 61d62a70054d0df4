"""Where our servers listen, and by which names only this machine is reached."""

from __future__ import annotations

import ipaddress
import socket

from ..errors import DfAnalyzerError

__all__ = ["LOOPBACK_NAMES", "ListenError", "address_of", "is_loopback", "listening", "name_of"]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
BACKLOG = 2048


class ListenError(DfAnalyzerError):
    """A server cannot listen on an address."""


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises ListenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ListenError(
            f"The service cannot listen on {host} port {port}: {error.strerror or error}. Give "
            "another --port, or an address of this machine."
        ) from None


def address_of(host: str, listener: socket.socket) -> str:
    """The address of a server as a URL, without a path."""
    name = f"[{host.strip('[]')}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def name_of(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()
