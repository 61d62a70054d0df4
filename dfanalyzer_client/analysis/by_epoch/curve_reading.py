"""Read metrics by epoch."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from ...errors import SelectionError, UnknownTagError
from ...store import Connection
from ...store.reading import Catalogue
from ...store.schema import table
from ...store.sql import placeholders
from ..curve_table import Curves
from ..finding import Named, summaries_with
from ..run_list import Runs
from ..table import Table
from .adaptation_reading import ADAPTATION_COLUMNS, adaptations_of

__all__ = ["curves_with"]


def curves_with(
    connection: Connection,
    runs: Runs | Named | Sequence[Named],
    metrics: str | Sequence[str] = (),
) -> Curves:
    """`curves` over an open connection."""
    wanted = [metrics] if isinstance(metrics, str) else list(metrics)
    with connection.transaction():
        found = summaries_with(connection, runs)
        ids = [summary.id for summary in found]
        if not ids:
            return Curves([], Table(ADAPTATION_COLUMNS, []))
        if not Catalogue(connection).columns("metric_value"):
            raise SelectionError(
                "Curves cannot be read, because this catalogue was made by an earlier version: "
                "`keras-prov db upgrade` upgrades it."
            )
        rows = _points(connection, ids, wanted)
        adaptations = adaptations_of(connection, found)
    return Curves(rows, adaptations)


def _points(
    connection: Connection, ids: list[int], wanted: list[str]
) -> list[tuple[int, str, int, str, int, float | None]]:
    condition = f"AND v.name IN ({placeholders(len(wanted))})" if wanted else ""
    names = [name.lower() for name in wanted]
    rows = connection.query(
        "SELECT e.id, e.tag, v.task_id, v.name, v.epoch, v.value, v.exact "
        f"FROM {table('metric_value')} AS v JOIN {table('task_begun')} AS t ON t.id = v.task_id "
        f"JOIN {table('dataflow_execution')} AS e ON e.id = t.df_exec WHERE e.id IN "
        f"({placeholders(len(ids))}) AND v.epoch IS NOT NULL {condition}"
        "ORDER BY v.task_id, v.name, v.epoch",
        [*ids, *names],
    )
    _check(connection, names, {row[3] for row in rows})
    place = {id_: number for number, id_ in enumerate(ids)}
    trainings: dict[int, dict[int, int]] = {}
    points = []
    for id_, tag, task, name, epoch, value, exact in rows:
        numbers = trainings.setdefault(id_, {})
        number = numbers.setdefault(task, len(numbers) + 1)
        exactly = value if exact is None else float(exact)
        points.append((id_, tag, number, name, int(epoch), exactly))
    return sorted(points, key=lambda point: place[point[0]])


def _check(connection: Connection, names: list[str], found: set[str]) -> None:
    """Raise UnknownTagError if none of the runs has one of the metrics."""
    for name in names:
        if name not in found:
            rows = connection.query(f"SELECT DISTINCT name FROM {table('metric_value')}")
            close = difflib.get_close_matches(name, [each for (each,) in rows], 3)
            meant = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise UnknownTagError(f"None of these runs has a metric {name!r} by epoch.{meant}")
