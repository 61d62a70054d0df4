"""What differs between two runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .run_summary import RunSummary
from .table import Table

__all__ = ["Difference"]


class Difference(Table):
    """What differs between two runs; a row for each value: its part, its name, and what each has.

    Parts are ``field``, ``hyperparameter``, ``layer``, ``data``, ``package``, ``environment``,
    ``commit`` and ``metric``. A run that lacks a value has None.

    Attributes:
        a: the first run.
        b: the second one.
    """

    COLUMNS = ("part", "name", "a", "b")

    def __init__(self, a: RunSummary, b: RunSummary, rows: Sequence[Sequence[Any]]) -> None:
        super().__init__(self.COLUMNS, rows)
        self.a, self.b = a, b

    @property
    def parts(self) -> dict[str, Table]:
        """The rows of each part."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for row in self.rows:
            found.setdefault(row[0], []).append(row[1:])
        return {part: Table(self.COLUMNS[1:], rows) for part, rows in found.items()}
