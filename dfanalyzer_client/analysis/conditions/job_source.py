"""Facts of a cluster's job in conditions: a query with one row for each run."""

from __future__ import annotations

from collections.abc import Sequence

from ...keras_schema import Role
from ...keras_schema.job_facts import JOB
from ...keras_schema.names import FACT_KIND, FACT_NAME, FACT_VALUE
from ...store import Connection
from ...store.comparison.roles import sets_with
from ...store.growth.pending_columns import from_clause
from ...store.layout import DataflowLayout, SetLayout
from ...store.reading import Catalogue
from ...store.schema import table
from ...store.sql import among, identifier, literal

__all__ = ["job_facts", "job_source"]

COLUMNS = FACT_KIND.lower(), FACT_NAME.lower(), FACT_VALUE.lower()
"""A set of another program may have the role, but not these columns."""


def job_source(connection: Connection, catalogue: Catalogue, name: str) -> tuple[str, list[str]]:
    """A query of the runs in which a fact of the job is known, and its placeholders' values.

    Its columns are ``df_exec`` and ``value``, of the last training.
    """
    found = sets_with(connection, Role.ENVIRONMENT) or {}
    sets = {tag for tags in found.values() for tag in tags}
    parts = [
        _statement(catalogue, layout, known)
        for layout in (catalogue.layouts(found, sets) if sets else [])
        for known in layout.sets.values()
        if known.role == Role.ENVIRONMENT and known.attributes.keys() >= set(COLUMNS)
    ]
    if not parts:
        none = "CAST(NULL AS TEXT) AS value"
        empty = f"SELECT x.id AS df_exec, {none} FROM {table('dataflow_execution')} AS x"
        return f"{empty} WHERE FALSE", []
    return (
        "SELECT df_exec, value FROM (SELECT df_exec, value, row_number() OVER (PARTITION BY "
        f"df_exec ORDER BY task DESC) AS place FROM ({' UNION ALL '.join(parts)}) AS u) AS f "
        "WHERE place = 1",
        [JOB, name] * len(parts),
    )


def job_facts(
    connection: Connection, names: Sequence[str], ids: Sequence[int]
) -> dict[int, dict[str, str]]:
    """Facts of the jobs that runs ran in, by the runs' ids; in the connection's transaction."""
    catalogue = Catalogue(connection)
    found: dict[int, dict[str, str]] = {}
    for name in names if ids else ():
        query, parameters = job_source(connection, catalogue, name)
        statement = f"SELECT f.df_exec, f.value FROM ({query}) AS f WHERE {among('f.df_exec', ids)}"
        if not parameters:
            statement = statement.replace("%%", "%")
        for id_, value in connection.query(statement, parameters):
            found.setdefault(id_, {})[name] = value
    return found


def _statement(catalogue: Catalogue, layout: DataflowLayout, known: SetLayout) -> str:
    kind, name, value = (f"s.{identifier(column)}" for column in COLUMNS)
    tasks = [f"s.{identifier(column)}" for column in known.task_columns]
    task = tasks[0] if len(tasks) == 1 else f"COALESCE({', '.join(tasks)})"
    return (
        literal(
            f"SELECT t.df_exec, t.id AS task, {value} AS value "
            f"FROM {from_clause(layout, known)} AS s "
            f"JOIN {catalogue.table('task_begun')} AS t ON t.id = {task} "
        )
        + f"WHERE {kind} = %s AND {name} = %s"
    )
