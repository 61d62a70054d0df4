"""Follow a run while it trains."""

from __future__ import annotations

from collections.abc import Iterator

from ..store import Connection
from .epoch import Epoch
from .finding import Named

__all__ = ["follow_with"]


def follow_with(
    connection: Connection, name: Named = "last", *, interval: float = 1.0
) -> Iterator[Epoch]:
    """`follow` over an open connection."""
    raise NotImplementedError
