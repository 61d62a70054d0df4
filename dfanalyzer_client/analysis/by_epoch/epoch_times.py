"""Read when epochs ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ...executions.training_numbers import training_numbers
from ...keras_schema import Role
from ...keras_schema import names as tags
from ...store import Connection
from ...store.growth.pending_columns import from_clause
from ...store.layout import DataflowLayout, SetLayout
from ...store.reading import Catalogue
from ...store.sql import identifier, literal, placeholders
from ..run_summary import RunSummary

__all__ = ["epoch_times", "seconds_since"]

ENDED, NUMBER = tags.EPOCH_ENDED.lower(), tags.EPOCH_ID.lower()

Times = dict[int, dict[int, dict[int, float]]]
"""By run, number of its training, and epoch: seconds since the run began."""


def epoch_times(connection: Connection, runs: Sequence[RunSummary]) -> Times:
    """When each epoch of runs ended."""
    began = {run.id: run.began for run in runs}
    times: Times = {run.id: {} for run in runs}
    catalogue = Catalogue(connection)
    numbers = training_numbers(connection, catalogue, list(began)) if runs else {}
    for dataflow in dict.fromkeys(run.dataflow for run in runs):
        ids = [run.id for run in runs if run.dataflow == dataflow]
        layout = catalogue.layout(dataflow)
        for known in layout.sets.values() if layout else ():
            if layout and known.role == Role.EPOCHS and {ENDED, NUMBER} <= set(known.attributes):
                for id_, task, epoch, text in _ends(connection, catalogue, layout, known, ids):
                    seconds = seconds_since(began[id_], text)
                    if seconds is not None and epoch is not None:
                        training = times[id_].setdefault(numbers.get(task, 1), {})
                        training[int(epoch)] = seconds
    return times


def _ends(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    ids: list[int],
) -> list[tuple[Any, ...]]:
    columns = [f"s.{identifier(column)}" for column in known.task_columns]
    if not columns:
        return []
    task = columns[0] if len(columns) == 1 else f"COALESCE({', '.join(columns)})"
    return connection.query(
        literal(
            f"SELECT t.df_exec, t.id, s.{identifier(NUMBER)}, s.{identifier(ENDED)} "
            f"FROM {from_clause(layout, known)} s "
            f"JOIN {catalogue.table('task_begun')} t ON t.id = {task} "
        )
        + f"WHERE t.df_exec IN ({placeholders(len(ids))})",
        ids,
    )


def seconds_since(began: datetime | None, text: str | None) -> float | None:
    """A time stamp as seconds since a moment; None if there is no such stamp."""
    try:
        ended = datetime.fromisoformat(text or "").replace(tzinfo=UTC)
    except ValueError:
        return None
    return None if began is None else (ended - began).total_seconds()
