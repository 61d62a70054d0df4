"""Read values of executions from the views that compare all dataflows."""

from __future__ import annotations

from collections.abc import Sequence

from ..store.comparison.metric_values import epoch_values, tasks_of
from ..store.connection import Connection
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import placeholders

__all__ = ["Curve", "adapted_epochs", "curve_of", "hyperparameters_of", "newest_ids"]

Curve = dict[float, float]
"""Values of a metric, by epoch."""


def newest_ids(
    connection: Connection, dataflow: str | None, limit: int | None
) -> tuple[list[int], int]:
    """The ids of the newest executions, and how many executions there are."""
    catalogue = Catalogue(connection)
    if not catalogue.exists:
        return [], 0
    condition, parameters = ("WHERE d.tag = %s", [dataflow.lower()]) if dataflow else ("", [])
    found = (
        f"FROM {catalogue.table('dataflow_execution')} e "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id {condition}"
    )
    ((total,),) = connection.query(f"SELECT count(*) {found}", parameters)
    most = "" if limit is None else f"LIMIT {max(1, limit):d}"  # MonetDB refuses LIMIT 0
    rows = connection.query(f"SELECT e.id {found} ORDER BY e.id DESC {most}", parameters)
    return [int(id_) for (id_,) in rows][:limit], total


def hyperparameters_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """By execution, its hyperparameters; of several values of one, the last."""
    found: dict[int, dict[str, str]] = {id_: {} for id_ in ids}
    if ids:
        rows = connection.query(
            f'SELECT df_exec, "name", "value" FROM {table("hyperparameters")} '
            f"WHERE epoch IS NULL AND df_exec IN ({placeholders(len(ids))}) ORDER BY task_id",
            list(ids),
        )
        for execution, name, value in rows:
            if value is not None:
                found[execution][name] = value
    return found


def curve_of(connection: Connection, execution: int, metric: str) -> Curve:
    """A metric by epoch, exact; of several trainings, the last value of each epoch."""
    found: Curve = {}
    for _, _, epoch, value, exact in epoch_values(
        connection, tasks_of(connection, [execution]), [metric]
    ):
        exactly = value if exact is None else float(exact)
        if exactly is not None:
            found[float(epoch)] = exactly
    return dict(sorted(found.items()))


def adapted_epochs(connection: Connection, execution: int) -> list[float]:
    """The epochs in which a hyperparameter changed while the model trained."""
    rows = connection.query(
        f"SELECT DISTINCT epoch FROM {table('hyperparameters')} "
        "WHERE df_exec = %s AND epoch IS NOT NULL ORDER BY epoch",
        [execution],
    )
    return [float(epoch) for (epoch,) in rows]
