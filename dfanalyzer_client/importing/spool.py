"""The points of one run in a temporary SQLite database: sorted on the disk, not in memory.

Tools log one metric after the other, and a row of a set holds all metrics of a step. SQLite keeps
what does not fit its cache in a file, which is deleted when it is closed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Self

from .foreign_run import Kind, Point

__all__ = ["Metric", "Spool", "SpooledRow"]

SCHEMA = """
CREATE TABLE metric (id INTEGER PRIMARY KEY, kind TEXT, name TEXT, is_text BOOLEAN);
CREATE TABLE point (metric INTEGER, segment INTEGER, step INTEGER, time REAL, value);
CREATE TABLE stored (metric INTEGER, step INTEGER, points INTEGER);
"""
ROWS = """
SELECT segment, step, place, metric, time, value FROM (
  SELECT p.*, row_number() OVER (PARTITION BY p.metric, p.step ORDER BY p.segment, p.rowid)
    AS place
  FROM point AS p JOIN metric AS m ON m.id = p.metric WHERE m.kind = ?
) AS placed
WHERE place > COALESCE(
  (SELECT points FROM stored AS s WHERE s.metric = placed.metric AND s.step = placed.step), 0)
ORDER BY segment, step, place, metric
"""
"""The n-th value of each metric at a step is in the n-th row of that step."""


@dataclass(frozen=True)
class Metric:
    """A metric of a run; `is_text` where one of its values is no number."""

    id: int
    name: str
    is_text: bool


@dataclass
class SpooledRow:
    """What was measured at one step, by the metrics' ids."""

    segment: int
    step: int
    time: float | None
    values: dict[int, float | str] = field(default_factory=dict)


class Spool:
    """The points of one run; ``with`` deletes them at the end."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(f"PRAGMA synchronous = OFF; BEGIN; {SCHEMA}")
        self._ids: dict[tuple[Kind, str], int] = {}
        self._texts: set[int] = set()
        try:
            self._database.executemany(
                "INSERT INTO point VALUES (?, ?, ?, ?, ?)", map(self._point, points)
            )
            self._database.executemany(
                "INSERT INTO metric VALUES (?, ?, ?, ?)",
                [(id_, *key, id_ in self._texts) for key, id_ in self._ids.items()],
            )
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def metrics(self, kind: Kind) -> list[Metric]:
        """The metrics of a kind, in the order of their first points."""
        rows = self._database.execute(
            "SELECT id, name, is_text FROM metric WHERE kind = ? ORDER BY id", (kind,)
        )
        return [Metric(id_, name, bool(is_text)) for id_, name, is_text in rows]

    def leave_out(self, stored: Iterable[tuple[int, int, int]]) -> None:
        """Leave points out of `rows` that are stored: metric, step and how many of them."""
        self._database.executemany("INSERT INTO stored VALUES (?, ?, ?)", stored)
        self._database.execute("CREATE INDEX stored_index ON stored (metric, step)")

    def rows(self, kind: Kind) -> Iterator[SpooledRow]:
        """The rows of a kind, in order."""
        found = self._database.execute(ROWS, (kind,))
        for (segment, step, _), cells in groupby(found, key=lambda cell: cell[:3]):
            row = SpooledRow(segment, step, None)
            for *_, metric, time, value in cells:
                row.values[metric] = float("nan") if value is None else value
                if time is not None:
                    row.time = time if row.time is None else max(row.time, time)
            yield row

    def _point(self, point: Point) -> tuple[Any, ...]:
        """A row of the table; SQLite stores NaN as NULL, and nothing else is NULL here."""
        key = point.kind, point.name
        metric = self._ids.setdefault(key, len(self._ids) + 1)
        if isinstance(point.value, str):
            self._texts.add(metric)
        return metric, point.segment, point.step, point.time, point.value
