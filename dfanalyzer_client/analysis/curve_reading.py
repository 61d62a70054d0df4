"""Read metrics by epoch."""

from __future__ import annotations

from collections.abc import Sequence

from ..store import Connection
from .curves import Curves
from .finding import Named
from .runs import Runs

__all__ = ["curves_with"]


def curves_with(
    connection: Connection,
    runs: Runs | Named | Sequence[Named],
    metrics: str | Sequence[str] = (),
) -> Curves:
    """`curves` over an open connection."""
    raise NotImplementedError
