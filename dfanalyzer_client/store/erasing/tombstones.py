"""The table of tombstones: what was erased, when and by whom."""

from __future__ import annotations

from collections.abc import Iterable

from ...declarations.erasures import Erasures, Tombstone
from ..connection import Connection
from ..schema import table

__all__ = ["add_tombstones", "count_tombstones", "load_erasures"]


def count_tombstones(connection: Connection) -> int:
    """How many there are; it changes whenever something is erased."""
    ((count,),) = connection.query(f"SELECT count(*) FROM {table('erasure')}")
    return int(count)


def load_erasures(connection: Connection) -> Erasures:
    """What was erased in this database."""
    rows = connection.query(f"SELECT DISTINCT kind, digest FROM {table('erasure')}")
    return Erasures(Tombstone(*row) for row in rows)


def add_tombstones(
    connection: Connection, tombstones: Iterable[Tombstone], when: str, by: str
) -> None:
    """Add those that are missing, within a transaction that has locked the definitions."""
    known = set(connection.query(f"SELECT kind, digest FROM {table('erasure')}"))
    for tombstone in dict.fromkeys(tombstones):
        if tuple(tombstone) not in known:
            connection.execute(
                f"INSERT INTO {table('erasure')} (kind, digest, erased, erased_by) "
                "VALUES (%s, %s, %s, %s)",
                [*tombstone, when, by],
            )
