"""Compare runs."""

from __future__ import annotations

from collections.abc import Sequence

from ..store import Connection
from .comparison import Comparison
from .difference import Difference
from .finding import Named
from .runs import Runs

__all__ = ["compare_with", "diff_with"]


def compare_with(
    connection: Connection, names: Runs | Named | Sequence[Runs | Named | Sequence[Named]]
) -> Comparison:
    """`compare` over an open connection."""
    raise NotImplementedError


def diff_with(connection: Connection, a: Named, b: Named) -> Difference:
    """`diff` over an open connection."""
    raise NotImplementedError
