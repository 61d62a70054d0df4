"""Heads of the hash chains of journals, kept with the rows that came from them: ``journal_head``.

A row says what the head was after a record, and which execution had a task that ended with it. So
an auditor knows which journals an execution came from, and whether they are what was stored.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ..connection import Connection
from ..schema import table
from ..sql import placeholders

__all__ = ["JournalHead", "add_heads", "heads_of", "journals_of", "prune_heads"]


class JournalHead(NamedTuple):
    """A head, as hex digits, and the number of the record after which it was so."""

    sequence: int
    digest: str


def add_heads(
    connection: Connection, journal: str, head: JournalHead, executions: Collection[int]
) -> None:
    """Keep the head of a batch, for each execution of which a task ended in it."""
    of: Sequence[int | None] = sorted(executions) or [None]
    rows = [(journal, *head, execution) for execution in of]
    marks = ", ".join(f"({placeholders(4)})" for _ in rows)
    connection.execute(
        f'INSERT INTO {table("journal_head")} ("journal", "sequence", "digest", "df_exec") '
        f"VALUES {marks}",
        [value for row in rows for value in row],
    )


def prune_heads(connection: Connection, journal: str) -> None:
    """Remove the heads of a journal with which no task ended, except the last."""
    heads = table("journal_head")
    connection.execute(
        f'DELETE FROM {heads} WHERE "journal" = %s AND "df_exec" IS NULL AND "sequence" < '
        f'(SELECT max("sequence") FROM {heads} WHERE "journal" = %s)',
        [journal, journal],
    )


def journals_of(connection: Connection, execution: int) -> list[str]:
    """The ids of the journals with whose records tasks of an execution ended."""
    return [
        journal
        for (journal,) in connection.query(
            f'SELECT DISTINCT "journal" FROM {table("journal_head")} WHERE "df_exec" = %s '
            'ORDER BY "journal"',
            [execution],
        )
    ]


def heads_of(connection: Connection, journal: str) -> list[JournalHead]:
    """The heads of a journal that are kept, in order."""
    return [
        JournalHead(*row)
        for row in connection.query(
            f'SELECT DISTINCT "sequence", "digest" FROM {table("journal_head")} '
            'WHERE "journal" = %s ORDER BY "sequence"',
            [journal],
        )
    ]
