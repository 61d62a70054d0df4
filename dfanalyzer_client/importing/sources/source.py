"""What an importer reads runs from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ...errors import ForeignDataError
from ..foreign_run import ForeignRun

__all__ = ["Source"]


class Source(Protocol):
    """Another tool's records."""

    def runs(self) -> Iterator[ForeignRun | ForeignDataError]:
        """The runs, oldest first; instead of one that cannot be read, the reason.

        It is called twice, and what it yields should come from the disk each time.
        """

    @property
    def skipped(self) -> int:
        """How many runs were left out, because their users have deleted them."""
