"""Heads of the hash chains of journals, kept with the rows that came from them: ``journal_head``.

A row says what the head was after a record, and which execution had a task that ended with it. So
an auditor knows which journals an execution came from, and whether they are what was stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ...declarations.messages import is_task
from ...journal import Record
from ..connection import Connection
from ..rows import ENDED_NAMES
from ..schema import table
from ..sql import placeholders
from .prepared_task import PreparedTask

__all__ = ["JournalHead", "add_heads", "heads_of", "heads_to_add", "journals_of", "prune_heads"]


class JournalHead(NamedTuple):
    """A head, as hex digits, and the number of the record after which it was so."""

    sequence: int
    digest: str


def heads_to_add(
    batches: Mapping[str, Sequence[Record]], tasks: Iterable[PreparedTask]
) -> Iterator[tuple[str, JournalHead, set[int]]]:
    """For each journal that has tasks in a batch, its head and the executions with ended tasks.

    Args:
        batches: the records that are stored, by the journal.
        tasks: what was made of those of tasks.
    """
    ids: dict[tuple[Any, Any], int] = {
        (task.message["dataflow"], task.message["exec"]): task.execution for task in tasks
    }
    for journal, records in batches.items():
        messages = [record.message for record in records if is_task(record.message)]
        head = records[-1].head
        if head and messages:
            names = {
                (message.get("dataflow"), message.get("exec"))
                for message in messages
                if message.get("status") in ENDED_NAMES
            }
            ended = {ids[name] for name in names if name in ids}
            yield journal, JournalHead(records[-1].sequence, head.hex()), ended


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
