"""The newest executions."""

from __future__ import annotations

from ..store.connection import Connection
from ..store.reading import Catalogue
from ..store.schema import table

__all__ = ["newest_ids"]


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
