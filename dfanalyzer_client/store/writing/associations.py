"""Who is responsible for an execution and what it ran on, in the tables that DLProv has for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from ...declarations.messages import TaskMessage
from ..catalogue_rows import insert_with_id
from ..connection import Connection
from ..retry import retrying_conflicts
from ..schema import TABLES, columns_of, lock_definitions, table
from ..sessions import warn_of_blocking_sessions
from ..sql import identifier, placeholders

__all__ = ["associate", "says_association"]

COLUMNS = ("scientist_id", "hardware_id", "is_relayed")

HARDWARE = {
    name: type_ for name, type_ in columns_of(TABLES["hardware_info"]).items() if name != "id"
}
"""The columns for the facts of a machine, and their types."""


def says_association(message: TaskMessage) -> bool:
    """Whether a message names a scientist, a machine, or the service that relays it."""
    return any(message.get(key) for key in ("email", "hardware", "received"))


def associate(connection: Connection, execution: int, message: TaskMessage) -> None:
    """Associate an execution with what a task's message names, unless that is stored already.

    Facts of a machine that have no column, or do not fit into it, are left out.

    Args:
        connection: outside of a transaction.
        execution: the execution's id.
        message: names a scientist, a machine or the time at which the service received it.
    """
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            lock_definitions(connection)
            _insert_missing(connection, execution, _association(connection, message))


def _association(connection: Connection, message: TaskMessage) -> dict[str, Any]:
    email, facts = message.get("email"), _facts(message.get("hardware") or {})
    association: dict[str, Any] = {}
    if email:
        scientist = _found_or_made(connection, "data_scientist", {"email": email})
        association["scientist_id"] = scientist
    if facts["hostname"] is not None:
        association["hardware_id"] = _found_or_made(connection, "hardware_info", facts)
    if message.get("received"):
        association["is_relayed"] = True
    return association


def _insert_missing(connection: Connection, execution: int, association: Mapping[str, Any]) -> None:
    known = connection.query(
        "SELECT scientist_id, hardware_id, is_relayed "
        f"FROM {table('execution_association')} WHERE df_exec = %s",
        [execution],
    )
    stored = set(zip(COLUMNS * len(known), (value for row in known for value in row), strict=True))
    new = {name: value for name, value in association.items() if (name, value) not in stored}
    if new:
        columns = ", ".join(identifier(name) for name in ["df_exec", *new])
        connection.execute(
            f"INSERT INTO {table('execution_association')} ({columns}) "
            f"VALUES ({placeholders(len(new) + 1)})",
            [execution, *new.values()],
        )


def _found_or_made(connection: Connection, name: str, values: Mapping[str, Any]) -> int:
    first, key = next(iter(values.items()))
    columns = ", ".join(identifier(column) for column in values)
    rows = connection.query(
        f"SELECT id, {columns} FROM {table(name)} WHERE {identifier(first)} = %s ORDER BY id",
        [key],
    )
    for id_, *row in rows:
        if row == list(values.values()):
            return int(id_)
    return insert_with_id(connection, name, **values)


def _facts(hardware: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that have a column, by its name and in its type; the host first."""
    return {name: _fitting(hardware.get(name), type_) for name, type_ in HARDWARE.items()}


def _fitting(value: Any, type_: str) -> Any:
    if type_ == "BOOLEAN":
        return value if isinstance(value, bool) else None
    if type_ == "DOUBLE":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if is_number and abs(value) < sys.float_info.max else None
    if isinstance(value, list):
        return ", ".join(map(str, value)) or None
    return None if value is None else str(value)
