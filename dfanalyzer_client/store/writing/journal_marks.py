"""How far each journal is stored: one row of ``journal_mark`` for each batch, written with it."""

from __future__ import annotations

from collections.abc import Sequence

from ..connection import Connection
from ..schema import table
from ..sql import placeholders

__all__ = ["add_mark", "all_marks", "last_mark", "last_marks", "prune_marks"]


def last_mark(connection: Connection, journal: str) -> int:
    """The last sequence number of `journal` that is stored; -1 if none is."""
    ((stored,),) = connection.query(
        f"SELECT max(stored_to) FROM {table('journal_mark')} WHERE journal = %s", [journal]
    )
    return -1 if stored is None else int(stored)


def last_marks(connection: Connection, journals: Sequence[str]) -> dict[str, int]:
    """Of several journals, as far as any of each is stored."""
    rows = connection.query(
        f"SELECT journal, max(stored_to) FROM {table('journal_mark')} "
        f"WHERE journal IN ({placeholders(len(journals))}) GROUP BY journal",
        journals,
    )
    return {journal: int(stored) for journal, stored in rows}


def add_mark(connection: Connection, journal: str, sequence: int) -> None:
    """Record that `journal` is stored up to `sequence`."""
    connection.execute(f"INSERT INTO {table('journal_mark')} VALUES (%s, %s)", [journal, sequence])


def prune_marks(connection: Connection, journal: str) -> None:
    """Remove all marks of `journal` except the last."""
    marks = table("journal_mark")
    connection.execute(
        f"DELETE FROM {marks} WHERE journal = %s AND stored_to < "
        f"(SELECT max(stored_to) FROM {marks} WHERE journal = %s)",
        [journal, journal],
    )


def all_marks(connection: Connection) -> tuple[int, int]:
    """Two numbers that are other ones whenever something was stored since."""
    ((count, total),) = connection.query(
        f"SELECT count(*), sum(stored_to) FROM {table('journal_mark')}"
    )
    return int(count), int(total or 0)
