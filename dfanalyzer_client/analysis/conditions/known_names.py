"""The hyperparameters, metrics and tags that runs have."""

from __future__ import annotations

from ...executions.own_names import OwnNames
from ...store import Connection
from ...store.comparison.metric_summaries import summaries_source
from ...store.reading import Catalogue
from ...store.schema import table
from ...store.sql import literal

__all__ = ["known_names"]


def known_names(connection: Connection, dataflow: str | None = None) -> dict[str, list[str]]:
    """By group, as in conditions, the names that runs of a dataflow have, or of all of them.

    A catalogue that was not upgraded knows none.
    """
    catalogue = Catalogue(connection)
    if not catalogue.columns("execution_tag"):
        return {"hyperparameters": [], "metrics": [], "tags": []}
    metrics = _of_tasks(connection, summaries_source(connection), dataflow)
    own = {
        stored: name for name, stored in OwnNames(connection, catalogue).pairs if stored in metrics
    }
    return {
        "hyperparameters": _of_tasks(connection, table("hyperparameter_value"), dataflow),
        "metrics": sorted({own.get(name, name) for name in metrics}),
        "tags": _tags(connection, dataflow),
    }


def _of_tasks(connection: Connection, source: str, dataflow: str | None) -> list[str]:
    """The names in rows of tasks."""
    statement = (
        f"SELECT DISTINCT v.name FROM {source} AS v JOIN {table('task_begun')} AS t "
        f"ON t.id = v.task_id JOIN {table('dataflow_execution')} AS e ON e.id = t.df_exec "
        f"JOIN {table('dataflow')} AS d ON d.id = e.df_id "
    )
    return _names(connection, statement, dataflow)


def _tags(connection: Connection, dataflow: str | None) -> list[str]:
    statement = (
        f"SELECT DISTINCT g.name FROM {table('tags')} AS g JOIN {table('dataflow_execution')} AS e "
        f"ON e.id = g.df_exec JOIN {table('dataflow')} AS d ON d.id = e.df_id "
    )
    return _names(connection, statement, dataflow)


def _names(connection: Connection, statement: str, dataflow: str | None) -> list[str]:
    if dataflow is None:
        rows = connection.query(statement)
    else:
        rows = connection.query(f"{literal(statement)} WHERE d.tag = %s", [dataflow.lower()])
    return sorted(name for (name,) in rows if name is not None)
