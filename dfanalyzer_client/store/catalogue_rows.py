"""Rows of the catalogue that have ids, and the ids of all rows."""

from __future__ import annotations

from .connection import Connection
from .schema import table
from .sql import identifier, next_range, next_values, placeholders

__all__ = ["fresh_ids", "insert_with_id"]

IDS_AT_ONCE = 1000


def fresh_ids(connection: Connection, sequence: str, count: int) -> list[int]:
    """`count` ids that nobody else has, in ascending order."""
    ids: list[int] = []
    while wanted := min(IDS_AT_ONCE, count - len(ids)):
        ((first, last),) = connection.query(next_range(sequence, wanted))
        if last - first + 1 == wanted:
            ids += range(first, last + 1)
        else:  # another writer took some of them: discard this range
            ids += [id_ for (id_,) in connection.query(next_values(sequence, wanted))]
    return ids


def insert_with_id(connection: Connection, name: str, /, **values: object) -> int:
    """Insert a row into a table of the catalogue; returns the id that it got."""
    (id_,) = fresh_ids(connection, table(f"{name}_id_seq"), 1)
    columns = ", ".join(map(identifier, ["id", *values]))
    connection.execute(
        f"INSERT INTO {table(name)} ({columns}) VALUES ({placeholders(len(values) + 1)})",
        [id_, *values.values()],
    )
    return id_
