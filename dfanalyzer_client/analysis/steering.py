"""Requests to a training, and what came of them, as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..executions.steering import SteeringRow, steering_of
from ..store import Connection
from .table import Table

__all__ = ["as_table", "steering_table"]

OF_JSON = ("value", "old_value", "new_value")


def steering_table(connection: Connection, execution: int, *, is_over: bool) -> Table:
    """What was asked of the execution with this id, in the order in which it arrived.

    Args:
        connection: to the database.
        execution: its id.
        is_over: whether it has ended; then what still waits is ``not answered``.
    """
    return as_table(steering_of(connection, execution, is_over=is_over))


def as_table(rows: Iterable[SteeringRow]) -> Table:
    """Requests as a table, with their values as they are in Python."""
    return Table(SteeringRow._fields, [_values(row) for row in rows])


def _values(row: SteeringRow) -> list[Any]:
    found = row._asdict()
    for name in OF_JSON:
        if found[name] is not None:
            found[name] = json.loads(found[name])
    return list(found.values())
