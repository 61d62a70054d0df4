r"""What a line of a journal is: pure functions.

Each record is one line::

    <sequence number> <CRC-32 of number and message, 8 hex digits> <message, JSON in ASCII>\n

JSON in ASCII holds no raw newline, so a line that was torn by a kill or damaged on the disk spoils
itself alone: the next newline is the next record. The first record (number 0) describes the
journal.
"""

from __future__ import annotations

import json
import zlib
from typing import Any, NamedTuple

from ..names import is_storable, storable_text

__all__ = ["FORMAT", "Record", "line_of", "parsed"]

FORMAT = 1

UNSTORABLE = (b"\\u0000", b"\\ud")
"""In JSON of ASCII: a NUL, and half of a surrogate pair, or a whole one."""


class Record(NamedTuple):
    """One message and its place in the journal."""

    sequence: int
    message: dict[str, Any]


def line_of(sequence: int, body: str) -> bytes:
    """The line of a message that is JSON in ASCII."""
    checked = f"{sequence} {body}".encode("ascii")
    return f"{sequence} {zlib.crc32(checked):08x} {body}\n".encode("ascii")


def parsed(line: bytes) -> Record | None:
    """The record of a line; None where the line is not whole."""
    try:
        sequence, checksum, body = line.rstrip(b"\n").split(b" ", 2)
        if int(checksum, 16) == zlib.crc32(sequence + b" " + body):
            message = json.loads(body)
            is_odd = any(each in body for each in UNSTORABLE)
            return Record(int(sequence), _storable(message) if is_odd else message)
    except (ValueError, RecursionError):
        pass
    return None


def _storable(value: Any) -> Any:
    """A message whose texts a database holds, whoever wrote it: what would refuse it is escaped."""
    if isinstance(value, str):
        return value if is_storable(value) else storable_text(value)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return value
