"""Read who is responsible for an execution and what it ran on, of our tables or DLProv's."""

from __future__ import annotations

from typing import Any

from ..store.connection import Connection
from ..store.reading import Catalogue
from ..store.schema import TABLES, columns_of, table
from ..store.sql import identifier
from .record import AssociationRecord

__all__ = ["read_association"]

KEYS = {"data_scientist": "scientist_id", "hardware_info": "hardware_id"}
"""The column that names a row of a table."""

COLUMNS = {name: [each for each in columns_of(TABLES[name]) if each != "id"] for name in KEYS}

OF_DLPROV = ("dataflow_execution", "id")
OURS = ("execution_association", "df_exec")


def read_association(
    connection: Connection, catalogue: Catalogue, execution: int
) -> AssociationRecord:
    """The association of an execution; an empty one if the catalogue has none."""
    scientist: dict[str, Any] = {}
    hardware: dict[str, Any] = {}
    is_relayed = False
    if "scientist_id" in catalogue.columns("dataflow_execution"):  # an upgraded one of DLProv's
        scientist = _joined(connection, catalogue, "data_scientist", OF_DLPROV, execution)
        hardware = _joined(connection, catalogue, "hardware_info", OF_DLPROV, execution)
    if catalogue.columns("execution_association"):
        scientist |= _joined(connection, catalogue, "data_scientist", OURS, execution)
        hardware |= _joined(connection, catalogue, "hardware_info", OURS, execution)
        ((is_relayed,),) = connection.query(
            f"SELECT count(*) > 0 FROM {table('execution_association')} "
            "WHERE df_exec = %s AND is_relayed",
            [execution],
        )
    return AssociationRecord(scientist.get("email"), hardware, is_relayed)


def _joined(
    connection: Connection, catalogue: Catalogue, name: str, of: tuple[str, str], execution: int
) -> dict[str, Any]:
    """What a table has of an execution, but for NULLs and ids.

    Args:
        connection: in a transaction.
        catalogue: its catalogue, whose table may lack some of the columns.
        name: the table.
        of: the table that says which of its rows the execution has, and the execution's column.
        execution: the execution's id.
    """
    link, key = of
    columns = [column for column in COLUMNS[name] if column in catalogue.columns(name)]
    wanted = ", ".join(f"n.{identifier(column)}" for column in columns)
    rows = connection.query(
        f"SELECT {wanted} FROM {table(name)} n JOIN {table(link)} e "
        f"ON e.{identifier(KEYS[name])} = n.id WHERE e.{identifier(key)} = %s ORDER BY n.id",
        [execution],
    )
    return {
        column: value
        for row in rows[:1]
        for column, value in zip(columns, row, strict=True)
        if value is not None
    }
