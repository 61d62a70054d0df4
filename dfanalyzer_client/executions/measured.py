"""Read values of executions from the views that compare all dataflows."""

from __future__ import annotations

from collections.abc import Sequence

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
    rows = connection.query(
        f"SELECT e.id FROM {catalogue.table('dataflow_execution')} e "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id {condition} ORDER BY e.id DESC",
        parameters,
    )
    ids = [int(id_) for (id_,) in rows]
    return ids if limit is None else ids[:limit], len(ids)


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
    rows = connection.query(
        f'SELECT epoch, "value", exact FROM {table("metrics")} '
        'WHERE df_exec = %s AND "name" = %s AND epoch IS NOT NULL ORDER BY task_id, epoch',
        [execution, metric],
    )
    found = {
        float(epoch): float(value if exact is None else exact)
        for epoch, value, exact in rows
        if value is not None or exact is not None
    }
    return dict(sorted(found.items()))


def adapted_epochs(connection: Connection, execution: int) -> list[float]:
    """The epochs in which a hyperparameter changed while the model trained."""
    rows = connection.query(
        f"SELECT DISTINCT epoch FROM {table('hyperparameters')} "
        "WHERE df_exec = %s AND epoch IS NOT NULL ORDER BY epoch",
        [execution],
    )
    return [float(epoch) for (epoch,) in rows]
