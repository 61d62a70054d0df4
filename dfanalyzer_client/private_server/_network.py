"""Find free ports on loopback, and whether anybody is connected, which MonetDB does not tell."""

from __future__ import annotations

import socket
from pathlib import Path

__all__ = ["ConnectionWatch", "free_port"]

LISTEN, TIME_WAIT = "0A", "06"
MAX_TRIES = 50


def free_port(preferred: int) -> int:
    """`preferred` if it is free on both 127.0.0.1 and ::1, else another port that is.

    MonetDB tries both, but listens on one if the other is taken, perhaps by somebody else.
    """
    if preferred and _is_free(preferred):
        return preferred
    for _ in range(MAX_TRIES):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if _is_free(port):
            return port
    raise OSError(f"No port is free on both 127.0.0.1 and ::1 ({MAX_TRIES} were tried).")


class ConnectionWatch:
    """Tells whether anybody has been connected to a port since the last poll.

    A connection that was opened and closed between two polls is still listed as TIME_WAIT, for a
    minute on Linux (proc(5), /proc/net/tcp); it counts once.
    """

    def __init__(self, port: int) -> None:
        self._port = f"{port:04X}"
        self._closed: set[tuple[str, str]] = set()

    def poll(self) -> bool:
        """Whether somebody is connected, or was since the last poll; poll every half minute."""
        present, closed = False, set()
        try:
            connections = _connections()
        except OSError:  # too many open files, so there must be connections
            return True
        for local, remote, state in connections:
            if self._port in (local.rpartition(":")[2], remote.rpartition(":")[2]):
                if state == TIME_WAIT:
                    closed.add((local, remote))
                elif state != LISTEN:
                    present = True
        fresh, self._closed = closed - self._closed, closed
        return present or bool(fresh)


def _is_free(port: int) -> bool:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the kernel does
                probe.bind((address, port))
        except OSError:
            if family == socket.AF_INET or _has_ipv6():
                return False
    return True


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _connections() -> list[tuple[str, str, str]]:
    found = []
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            _, local, remote, state, *_ = line.split()
            found.append((local, remote, state))
    return found
