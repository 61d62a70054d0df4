"""Connections that never log in: they are closed before they keep the server's owner out.

The kernel (MonetDB 11.41) waits for a login as long as it takes, in a thread for each, and has
1,024 threads: 1,018 connections of anybody on the machine that say nothing, and nobody gets in any
more. It runs in our process, so we can end them: a connection whose client was told no more than
the challenge (57 bytes, as measured, with the answer to a login) and that was silent since.
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
"""Up to so many descriptors nothing is closed; beyond the second, sooner."""

LOGIN_SECONDS, LOGIN_SECONDS_IF_MANY = 5.0, 0.5
CHALLENGE_BYTES = 60
MAX_OPEN_FILES = 4096

INFO_BYTES = 136
LAST_SENT, BYTES_ACKED = 44, 120
"""Where tcp_info has them (linux/tcp.h): milliseconds since the last data went out, and the bytes
that arrived."""


def raise_limit() -> None:
    """Let this process have more open files than a crowd takes, where it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def close_unauthenticated(port: int) -> int:
    """Close connections to a port of this process that have not logged in; how many there were.

    Only while there are many, and only those that had their time.
    """
    try:
        numbers = [int(each.name) for each in DESCRIPTORS.iterdir()]
    except OSError:  # no Linux
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
    """A descriptor of our own for a socket, which the kernel may close and use anew meanwhile."""
    own = os.dup(number)
    try:
        connection = socket.socket(fileno=own)  # an error for what is no socket
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
    """Since when a client has been told nothing but the challenge; 0 where it was told more."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
    (milliseconds,) = struct.unpack_from("=I", info, LAST_SENT)
    (acknowledged,) = struct.unpack_from("=Q", info, BYTES_ACKED)
    return milliseconds / 1000 if acknowledged <= CHALLENGE_BYTES else 0.0
