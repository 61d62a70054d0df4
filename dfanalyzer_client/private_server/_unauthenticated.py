"""Close connections that never log in, before they lock the server's owner out.

The kernel (MonetDB 11.41) waits for a login without a time limit, in one of its 1,024 threads. So
anybody on the machine could lock everybody out with 1,018 silent connections. The kernel runs in
our process, so we can close them: connections that were sent nothing but the challenge (57 bytes,
as measured) and have been silent since. After a login the client has received more.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

__all__ = ["close_unauthenticated", "raise_limit"]

DESCRIPTORS = Path("/proc/self/fd")
FEW_DESCRIPTORS, MANY_DESCRIPTORS = 64, 512
"""Up to the first number of descriptors nothing is closed; above the second, it is sooner."""

LOGIN_SECONDS, LOGIN_SECONDS_IF_MANY = 5.0, 0.5
CHALLENGE_BYTES = 60
MAX_OPEN_FILES = 4096

INFO_BYTES = 136
LAST_SENT, BYTES_ACKED = 44, 120
"""Offsets in tcp_info (linux/tcp.h): milliseconds since data was last sent, and the number of bytes
that the client acknowledged."""


def raise_limit() -> None:
    """Raise this process's limit of open files, as far as allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def close_unauthenticated(port: int) -> int:
    """Close connections to a port of this process that have not logged in in time.

    Does nothing while few descriptors are open.

    Returns:
        How many were closed.
    """
    try:
        numbers = [int(entry.name) for entry in DESCRIPTORS.iterdir()]
    except OSError:  # not Linux
        return 0
    if len(numbers) <= FEW_DESCRIPTORS:
        return 0
    patience = LOGIN_SECONDS if len(numbers) <= MANY_DESCRIPTORS else LOGIN_SECONDS_IF_MANY
    closed = 0
    for number in numbers:
        with contextlib.suppress(OSError), _socket(number) as connection:
            if _is_of(connection, port) and _silent_seconds(connection) >= patience:
                connection.shutdown(socket.SHUT_RDWR)
                closed += 1
    return closed


@contextlib.contextmanager
def _socket(number: int) -> Iterator[socket.socket]:
    """A duplicate of a socket's descriptor, which the kernel may close and reuse meanwhile."""
    own = os.dup(number)
    try:
        connection = socket.socket(fileno=own)  # raises if it is not a socket
    except OSError:
        os.close(own)
        raise
    with connection:
        yield connection


def _is_of(connection: socket.socket, port: int) -> bool:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    return bool(connection.getsockname()[1] == port and connection.getpeername())


def _silent_seconds(connection: socket.socket) -> float:
    """How long a client has been sent nothing but the challenge; 0 if it was sent more."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
    (milliseconds,) = struct.unpack_from("=I", info, LAST_SENT)
    (acknowledged,) = struct.unpack_from("=Q", info, BYTES_ACKED)
    return milliseconds / 1000 if acknowledged <= CHALLENGE_BYTES else 0.0
