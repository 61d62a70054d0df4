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
    chosen = _of_tasks(connection, table("hyperparameter_value"), dataflow)
    metrics = _of_tasks(connection, summaries_source(connection), dataflow)
    own = OwnNames(connection, catalogue).by_dataflow
    return {
        "hyperparameters": sorted({name for _, name in chosen}),
        "metrics": sorted({own.get(tag, {}).get(name, name) for tag, name in metrics}),
        "tags": _tags(connection, dataflow),
    }


def _of_tasks(connection: Connection, source: str, dataflow: str | None) -> list[tuple[str, str]]:
    """The names in rows of tasks, each behind the tag of its dataflow."""
    statement = (
        f"SELECT DISTINCT d.tag, v.name FROM {source} AS v JOIN {table('task_begun')} AS t "
        f"ON t.id = v.task_id JOIN {table('dataflow_execution')} AS e ON e.id = t.df_exec "
        f"JOIN {table('dataflow')} AS d ON d.id = e.df_id "
    )
    return _pairs(connection, statement, dataflow)


def _tags(connection: Connection, dataflow: str | None) -> list[str]:
    statement = (
        f"SELECT DISTINCT d.tag, g.name FROM {table('tags')} AS g "
        f"JOIN {table('dataflow_execution')} AS e ON e.id = g.df_exec "
        f"JOIN {table('dataflow')} AS d ON d.id = e.df_id "
    )
    return sorted({name for _, name in _pairs(connection, statement, dataflow)})


def _pairs(connection: Connection, statement: str, dataflow: str | None) -> list[tuple[str, str]]:
    if dataflow is None:
        rows = connection.query(statement)
    else:
        rows = connection.query(f"{literal(statement)} WHERE d.tag = %s", [dataflow.lower()])
    return [(tag, name) for tag, name in rows if name is not None]
