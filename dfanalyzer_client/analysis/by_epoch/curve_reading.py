"""Read metrics by epoch."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ...errors import SelectionError, UnknownTagError
from ...executions.own_names import OwnNames
from ...executions.training_numbers import training_numbers
from ...store import Connection
from ...store.comparison.metric_summaries import summaries_source
from ...store.comparison.metric_values import (
    EpochValue,
    epoch_values,
    extreme_values,
    tasks_of,
)
from ...store.exact_numbers import exact_value
from ...store.reading import Catalogue
from ...store.schema import table
from ...store.sql import placeholders
from ...support.name_lists import listed
from ..curve_table import Curves
from ..finding import Named, summaries_with
from ..run_list import Runs
from ..run_summary import RunSummary
from ..table import Table
from .adaptation_reading import ADAPTATION_COLUMNS, adaptations_of

__all__ = ["curves_with"]

FIRST_METRICS = ("loss", "val_loss")
"""They are named before others."""

Point = tuple[int, str, int, str, int, float | None]


def curves_with(
    connection: Connection,
    runs: Runs | Named | Sequence[Named],
    metrics: str | Sequence[str] | None = None,
    *,
    stretches: Mapping[int, int] | None = None,
    adaptations: bool = True,
) -> Curves:
    """`curves` over an open connection.

    Args:
        connection: to the database.
        runs: whose curves are read.
        metrics: names; None: all of them.
        stretches: for each run's id, of how many epochs only the lowest and the highest value are
            read; None: all values are.
        adaptations: whether to read these, too.
    """
    wanted = _checked_metrics(metrics)
    with connection.transaction():
        found = summaries_with(connection, runs)
        if not found:
            return Curves([], Table(ADAPTATION_COLUMNS, []))
        if not Catalogue(connection).columns("metric_value"):
            raise SelectionError(
                "Curves cannot be read, because this catalogue was made by an earlier version: "
                "`keras-prov db upgrade` upgrades it."
            )
        rows = [] if wanted == [] else _points(connection, found, wanted or [], stretches)
        changes = Table(ADAPTATION_COLUMNS, [])
        if adaptations:
            changes = adaptations_of(connection, found)
    return Curves(rows, changes, {summary.execution: summary.id for summary in found})


def _checked_metrics(metrics: object) -> list[str] | None:
    """The names of metrics as a list; None: all. Raises TypeError for what is neither."""
    if metrics is None:
        return None
    names = [metrics] if isinstance(metrics, str) else metrics
    if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        raise TypeError(
            "metrics must be the name of a metric, a list of these, or None for all. Received: "
            f"{metrics!r:.200}."
        )
    return list(names)


def _points(
    connection: Connection,
    runs: Sequence[RunSummary],
    wanted: list[str],
    stretches: Mapping[int, int] | None,
) -> list[Point]:
    """The values, under the metrics' own names; raises UnknownTagError."""
    catalogue, ids = Catalogue(connection), [run.id for run in runs]
    names = OwnNames(connection, catalogue)
    own, owners = names.of(ids), tasks_of(connection, ids)
    candidates = {stored for name in wanted for stored in (name.lower(), *names.stored(name))}
    if stretches is None:
        stored = epoch_values(connection, owners, sorted(candidates))
    else:
        steps = {task: stretches[run] for task, run in owners.items()}
        stored = extreme_values(connection, steps, sorted(candidates))
    shown = _shown_names({(owners[each.task_id], each.name) for each in stored}, own)
    values = _of_wanted(stored, owners, wanted, shown)
    numbers = training_numbers(connection, catalogue, ids)
    tags = {run.id: run.execution for run in runs}
    points = []
    for task, name, epoch, value, exact in values:
        run = owners[task]
        exactly: Any = value if exact is None else exact_value(exact)
        points.append((run, tags[run], numbers.get(task, 1), shown[run, name], int(epoch), exactly))
    present = {each.name for each in values} | {metric for _, _, _, metric, _, _ in points}
    for name in wanted:
        if name not in present and name.lower() not in present:
            raise _unknown(connection, ids, own, name)
    place = {id_: number for number, id_ in enumerate(ids)}
    return sorted(points, key=lambda point: place[point[0]])


def _of_wanted(
    values: list[EpochValue],
    owners: Mapping[int, int],
    wanted: list[str],
    shown: Mapping[tuple[int, str], str],
) -> list[EpochValue]:
    """The values of the metrics that are asked for, which each run may have stored otherwise."""
    if not wanted:
        return values
    stored = {(run, name): under for (run, under), name in shown.items()}
    meant = {
        run: {stored.get((run, name), name.lower()) for name in wanted}
        for run in set(owners.values())
    }
    return [each for each in values if each.name in meant[owners[each.task_id]]]


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
        f"SELECT DISTINCT t.df_exec, m.name FROM {summaries_source(connection)} AS m "
        f"JOIN {table('task_begun')} AS t ON t.id = m.task_id "
        f"WHERE t.df_exec IN ({placeholders(len(ids))}) AND m.last_epoch IS NOT NULL",
        ids,
    )
    names = {own.get((run, stored), stored) for run, stored in rows}
    known = sorted(names, key=lambda each: (each not in FIRST_METRICS, each))
    lower = difflib.get_close_matches(name.lower(), {each.lower() for each in known}, 3)
    close = [each for each in known if each.lower() in lower]
    meant = f"Did you mean {' or '.join(map(repr, close))}?" if close else ""
    expected = listed(map(repr, known))
    hint = meant or (f"Expected one of {expected}." if known else "They have no epochs yet.")
    return UnknownTagError(f"None of these runs has a metric {name!r} by epoch. {hint}")
