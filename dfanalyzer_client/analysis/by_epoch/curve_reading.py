"""Read metrics by epoch."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from ...errors import SelectionError, UnknownTagError
from ...store import Connection
from ...store.comparison.metric_summaries import summaries_source
from ...store.comparison.metric_values import epoch_values, tasks_of
from ...store.reading import Catalogue
from ..curve_table import Curves
from ..finding import Named, summaries_with
from ..run_list import Runs
from ..run_summary import RunSummary
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
        if not found:
            return Curves([], Table(ADAPTATION_COLUMNS, []))
        if not Catalogue(connection).columns("metric_value"):
            raise SelectionError(
                "Curves cannot be read, because this catalogue was made by an earlier version: "
                "`keras-prov db upgrade` upgrades it."
            )
        rows = _points(connection, found, wanted)
        adaptations = adaptations_of(connection, found)
    return Curves(rows, adaptations, {summary.execution: summary.id for summary in found})


def _points(
    connection: Connection, found: list[RunSummary], wanted: list[str]
) -> list[tuple[int, str, int, str, int, float | None]]:
    ids = [each.id for each in found]
    names = [name.lower() for name in wanted]
    owners = tasks_of(connection, ids)
    values = epoch_values(connection, owners, names)
    _check(connection, names, {value.name for value in values})
    tags = {each.id: each.execution for each in found}
    place = {id_: number for number, id_ in enumerate(ids)}
    trainings: dict[int, dict[int, int]] = {}
    points = []
    for task, name, epoch, value, exact in values:
        id_ = owners[task]
        numbers = trainings.setdefault(id_, {})
        number = numbers.setdefault(task, len(numbers) + 1)
        exactly = value if exact is None else float(exact)
        points.append((id_, tags[id_], number, name, int(epoch), exactly))
    return sorted(points, key=lambda point: place[point[0]])


def _check(connection: Connection, names: list[str], found: set[str]) -> None:
    """Raise UnknownTagError if none of the runs has one of the metrics."""
    for name in names:
        if name not in found:
            rows = connection.query(
                f"SELECT DISTINCT name FROM {summaries_source(connection)} AS m"
            )
            close = difflib.get_close_matches(name, [each for (each,) in rows], 3)
            meant = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise UnknownTagError(f"None of these runs has a metric {name!r} by epoch.{meant}")
