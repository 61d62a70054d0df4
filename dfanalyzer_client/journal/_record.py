r"""The format of a journal's lines: pure functions.

Each record is one line::

    <sequence number> <CRC-32 of number and message, 8 hex digits> <message, JSON in ASCII>\n

JSON in ASCII holds no raw newline, so a line that was cut off by a kill or damaged on the disk
costs only itself: the next record begins after the next newline. The first record (number 0)
describes the journal.
"""

from __future__ import annotations

import json
import zlib
from typing import NamedTuple

from ..declarations.messages import UncheckedMessage

__all__ = ["FORMAT", "MAX_LINE_BYTES", "Record", "line_of", "parsed"]

FORMAT = 1

MAX_LINE_BYTES = 256 << 20
"""The longest line that is read: a compressed file may expand without bound."""

MAX_SEQUENCE = 1 << 62
"""Far below the largest BIGINT, so that later sequence numbers fit, too."""


class Record(NamedTuple):
    """One message and its place in the journal.

    Attributes:
        sequence: its number.
        message: what was said.
        head: the head of the journal's hash chain after it; empty if that was not read.
    """

    sequence: int
    message: UncheckedMessage
    head: bytes = b""


def line_of(sequence: int, body: str) -> bytes:
    """The line of a message, which is JSON in ASCII."""
    message = body.encode("ascii")
    checksum = zlib.crc32(message, zlib.crc32(b"%d " % sequence))
    return b"%d %08x %b\n" % (sequence, checksum, message)


def parsed(line: bytes) -> Record | None:
    """The record of a line; None if the line is incomplete or damaged."""
    try:
        sequence, checksum, body = line.rstrip(b"\n").split(b" ", 2)
        if int(checksum, 16) == zlib.crc32(sequence + b" " + body):
            number, message = int(sequence), json.loads(body)
            if 0 <= number < MAX_SEQUENCE and isinstance(message, dict):
                return Record(number, message)
    except (ValueError, RecursionError):
        pass
    return None
