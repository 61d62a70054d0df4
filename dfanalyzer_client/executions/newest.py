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
    rows = connection.query(
        f"SELECT e.id FROM {catalogue.table('dataflow_execution')} e "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id {condition} ORDER BY e.id DESC",
        parameters,
    )
    ids = [int(id_) for (id_,) in rows]
    return ids if limit is None else ids[:limit], len(ids)
