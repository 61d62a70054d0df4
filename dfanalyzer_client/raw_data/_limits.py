"""How much is read of a file."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LIMITS", "Limits"]


@dataclass(frozen=True)
class Limits:
    """The limits of what an element of a task may lead to.

    Attributes:
        rows: that one element becomes.
        size: of a file in CSV, or of what a program prints, in bytes.
        line: the longest line, in bytes.
        joined: rows of the inner extractor of a combination, which are kept in memory.
        seconds: that a program may take.
        batch_rows: rows of one message in the journal.
        batch_size: the size from which a message takes no more rows, in characters.
    """

    rows: int = 1_000_000
    size: int = 1 << 28
    line: int = 1 << 20
    joined: int = 100_000
    seconds: float = 60.0
    batch_rows: int = 1000
    batch_size: int = 1 << 20


LIMITS = Limits()
