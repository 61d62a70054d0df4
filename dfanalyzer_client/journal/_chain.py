"""The hash chain over a journal's records: whoever changes one changes all heads behind it.

A head is the SHA-256 of the head before it and of the record's line; the first one is that of the
header, without the address of the store, which may change. Heads are computed where a journal is
read, so that they cost a training nothing, and are kept in the database (``journal_head``), in the
transaction that stores the rows: who alters a journal does not alter what was stored of it.

Where records were erased, the one that stays in their place says what the head was after them, so
that the records behind them can still be checked.
"""

from __future__ import annotations

import hashlib
import re

from ..declarations.encoding import encode
from ..declarations.messages import UncheckedMessage

__all__ = ["CHAIN_HEAD", "Chain", "is_head"]

CHAIN_HEAD = "chainHead"
"""The key of a message that stands in place of erased ones: the head after these, as hex digits."""

ADDRESS = ("store", "was")
"""What `readdress` changes of a header."""

HEAD = re.compile("[0-9a-f]{64}")


def is_head(text: str) -> bool:
    """Whether a text is a head, as hex digits."""
    return HEAD.fullmatch(text) is not None


class Chain:
    """Computes the heads of a journal, record by record.

    Attributes:
        head: after the last record; empty before the first.
        resumed: how many records stand in place of erased ones.
    """

    def __init__(self) -> None:
        self.head = b""
        self.resumed = 0

    def add(self, sequence: int, message: UncheckedMessage, line: bytes) -> bytes:
        """The head after a record, given with its line."""
        told = message.get(CHAIN_HEAD)
        if isinstance(told, str) and is_head(told):
            self.head = bytes.fromhex(told)
            self.resumed += 1
        elif sequence == 0:
            kept = {name: part for name, part in message.items() if name not in ADDRESS}
            self.head = hashlib.sha256(encode(kept).encode("ascii")).digest()
        else:
            self.head = hashlib.sha256(self.head + line.rstrip(b"\n")).digest()
        return self.head
