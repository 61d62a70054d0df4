"""The questions that an agent can ask, over a connection with limits; answers are plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..analysis.by_epoch import curves_with
from ..analysis.by_training import metrics_by_training
from ..analysis.comparing import compare_with
from ..analysis.finding import run_with, runs_with
from ..analysis.run_summary import FIELDS, RunSummary
from ..analysis.table import Table
from .answers import Answer, add_list
from .limits import LimitedConnection
from .statements import checked_statement

__all__ = ["compare", "curves", "run", "runs", "sql"]

HYPERPARAMETERS, METRICS = "hyperparameters.", "metrics."
"""What the names of a comparison's columns begin with."""

PARTS = ("adaptations", "tests", "tasks", "data", "files")
"""The tables of a run that are shown whole."""

CURVE = ("execution", "training", "metric", "epoch", "value")


def runs(
    connection: LimitedConnection,
    where: str = "",
    order_by: str = "",
    dataflow: str | None = None,
    status: str | None = None,
    limit: int = 20,
) -> Answer:
    """The runs that fulfil a condition, the newest first, with their last metrics."""
    wanted = min(max(1, limit), connection.limits.rows)
    found = runs_with(
        connection,
        where,
        order_by=order_by or (),
        limit=wanted + 1,
        dataflow=dataflow,
        status=status,
    )
    answer: Answer = {}
    add_list(
        answer,
        "runs",
        [{**_summary(each), "last_metrics": each.metrics} for each in found],
        wanted,
    )
    return answer


def run(connection: LimitedConnection, name: str = "last") -> Answer:
    """All of a run: configuration, metrics, tasks, files, environment, tags and note."""
    found = run_with(connection, name)
    limit = connection.limits.rows
    answer = {
        **_summary(found.summary),
        "outcome": found.outcome,
        "hyperparameters": found.hyperparameters,
        "tags": found.tags,
        "note": found.note,
        "derived_from": found.derived_from,
    }
    if len(found.configuration) > 1:
        trainings = [
            {"training": number, **values}
            for number, values in enumerate(_records(found.configuration), 1)
        ]
        add_list(answer, "trainings", trainings, limit)
    metrics = [each.to_dict() for each in metrics_by_training(connection, found.id)]
    add_list(answer, "metrics", metrics, limit)
    for part in PARTS:
        add_list(answer, part, _records(getattr(found, part)), limit)
    packages = [each for each in _records(found.environment) if each.get("kind") == "package"]
    others = [each for each in _records(found.environment) if each.get("kind") != "package"]
    add_list(answer, "environment", [*others, *packages], limit)
    return answer


def compare(connection: LimitedConnection, names: Sequence[str]) -> Answer:
    """Runs side by side: hyperparameters that differ, those that do not, and metrics."""
    found = compare_with(connection, names)
    chosen = [name for name in found.columns if name.startswith(HYPERPARAMETERS)]
    differing = set(found.differing)
    return {
        "runs": [_summary(each) for each in found.runs],
        "different_hyperparameters": {
            name.removeprefix(HYPERPARAMETERS): found.column(name)
            for name in chosen
            if name in differing
        },
        "same_hyperparameters": {
            name.removeprefix(HYPERPARAMETERS): found.column(name)[0]
            for name in chosen
            if name not in differing
        },
        "last_metrics": {
            name.removeprefix(METRICS): found.column(name)
            for name in found.columns
            if name.startswith(METRICS)
        },
        "lowest_metrics": _side_by_side([each.lowest for each in found.runs]),
        "highest_metrics": _side_by_side([each.highest for each in found.runs]),
    }


def curves(
    connection: LimitedConnection, names: Sequence[str], metrics: Sequence[str] = ()
) -> Answer:
    """Metrics by epoch, and what was adapted meanwhile."""
    found = curves_with(connection, names, metrics or None)
    limit = connection.limits.rows
    answer: Answer = {"columns": list(CURVE)}
    places = [found.columns.index(name) for name in CURVE]
    add_list(answer, "rows", [[row[place] for place in places] for row in found], limit)
    if len(found.adaptations):
        add_list(answer, "adaptations", _records(found.adaptations), limit)
    return answer


def sql(connection: LimitedConnection, statement: str) -> Answer:
    """The first rows of a SELECT."""
    columns, rows = connection.first_rows(checked_statement(statement))
    answer: Answer = {
        "columns": [f"column_{n}" if c[:1] == "%" else c for n, c in enumerate(columns, 1)]
    }
    add_list(answer, "rows", [list(row) for row in rows], connection.limits.rows)
    return answer


def _summary(found: RunSummary) -> Answer:
    return {name: getattr(found, name) for name in FIELDS}


def _side_by_side(values: Sequence[Any]) -> dict[str, list[Any]]:
    """Values by name, with one of each run."""
    names = sorted({name for each in values for name in each})
    return {name: [each.get(name) for each in values] for name in names}


def _records(table: Table) -> list[dict[str, Any]]:
    """The rows of a table, without what is NULL in them."""
    return [
        {name: value for name, value in row.items() if value is not None}
        for row in table.to_dicts()
    ]
