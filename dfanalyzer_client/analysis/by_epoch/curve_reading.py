"""Read metrics by epoch."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...errors import SelectionError, UnknownTagError
from ...executions.own_names import OwnNames
from ...executions.training_numbers import training_numbers
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

MOST_NAMED = 20
"""So many metrics are named in an error."""

Point = tuple[int, str, int, str, int, float | None]


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


def _points(connection: Connection, ids: list[int], wanted: list[str]) -> list[Point]:
    """The values, under the metrics' own names; raises UnknownTagError."""
    catalogue = Catalogue(connection)
    names = OwnNames(connection, catalogue)
    own = names.of(ids)
    candidates = {stored for name in wanted for stored in (name.lower(), *names.stored(name))}
    stored = _stored_points(connection, ids, candidates)
    shown = _shown_names({(row[0], row[3]) for row in stored}, own)
    rows = _of_wanted(stored, wanted, shown)
    numbers = training_numbers(connection, catalogue, ids)
    points = [
        (
            run,
            tag,
            numbers.get(task, 1),
            shown[run, stored],
            int(epoch),
            value if exact is None else float(exact),
        )
        for run, tag, task, stored, epoch, value, exact in rows
    ]
    present = {name for run, _, _, stored, *_ in rows for name in (stored, shown[run, stored])}
    for name in wanted:
        if name not in present and name.lower() not in present:
            raise _unknown(connection, ids, own, name)
    place = {run: number for number, run in enumerate(ids)}
    return sorted(points, key=lambda point: place[point[0]])


def _stored_points(
    connection: Connection, ids: list[int], stored: Collection[str]
) -> list[tuple[Any, ...]]:
    """The values under the names that they are stored under: these, or all."""
    condition = f"AND v.name IN ({placeholders(len(stored))})" if stored else ""
    return connection.query(
        "SELECT e.id, e.tag, v.task_id, v.name, v.epoch, v.value, v.exact "
        f"FROM {table('metric_value')} AS v JOIN {table('task_begun')} AS t ON t.id = v.task_id "
        f"JOIN {table('dataflow_execution')} AS e ON e.id = t.df_exec WHERE e.id IN "
        f"({placeholders(len(ids))}) AND v.epoch IS NOT NULL {condition} "
        "ORDER BY v.task_id, v.name, v.epoch",
        [*ids, *stored],
    )


def _of_wanted(
    rows: list[tuple[Any, ...]], wanted: list[str], shown: Mapping[tuple[int, str], str]
) -> list[tuple[Any, ...]]:
    """The rows of the metrics that are asked for, which each run may have stored otherwise."""
    if not wanted:
        return rows
    stored = {(run, name): under for (run, under), name in shown.items()}
    return [
        row
        for row in rows
        if row[3] in {stored.get((row[0], name), name.lower()) for name in wanted}
    ]


def _shown_names(
    present: Collection[tuple[int, str]], own: Mapping[tuple[int, str], str]
) -> dict[tuple[int, str], str]:
    """The metrics' own names, by run and stored name; a name that another metric has is not."""
    shown = {}
    for run, stored in present:
        name = own.get((run, stored), stored)
        is_taken = name != stored and (run, name) in present and (run, name) not in own
        shown[run, stored] = stored if is_taken else name
    return shown


def _unknown(
    connection: Connection, ids: list[int], own: Mapping[tuple[int, str], str], name: str
) -> UnknownTagError:
    """None of the runs has this metric: which ones they have."""
    rows = connection.query(
        f"SELECT DISTINCT t.df_exec, v.name FROM {table('metric_value')} AS v "
        f"JOIN {table('task_begun')} AS t ON t.id = v.task_id "
        f"WHERE t.df_exec IN ({placeholders(len(ids))}) AND v.epoch IS NOT NULL",
        ids,
    )
    known = sorted({own.get((run, stored), stored) for run, stored in rows})
    lower = difflib.get_close_matches(name.lower(), {each.lower() for each in known}, 3)
    close = [each for each in known if each.lower() in lower]
    meant = f"Did you mean {' or '.join(map(repr, close))}?" if close else ""
    expected = ", ".join(map(repr, known[:MOST_NAMED]))
    hint = meant or (f"Expected one of {expected}." if known else "They have no epochs yet.")
    return UnknownTagError(f"None of these runs has a metric {name!r} by epoch. {hint}")
