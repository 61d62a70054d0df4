"""Tags of an execution and the note on it, as they are now."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ..store.connection import Connection
from ..store.schema import PUBLIC, names_in, table

__all__ = ["Note", "Tag", "note_of", "tags_of"]


class Tag(NamedTuple):
    """A tag: its name and value, when it was given (UTC) and by whom."""

    name: str
    value: str
    changed: datetime
    changed_by: str


class Note(NamedTuple):
    """A note: its text, when it was written (UTC) and by whom."""

    text: str
    changed: datetime
    changed_by: str


def tags_of(connection: Connection, execution: int) -> list[Tag]:
    """The tags of the execution with this id, by name."""
    if "tags" not in names_in(connection, PUBLIC):  # a catalogue that is not upgraded yet
        return []
    rows = connection.query(
        f'SELECT "name", "value", changed, changed_by FROM {table("tags")} WHERE df_exec = %s '
        'ORDER BY "name"',
        [execution],
    )
    return [Tag(*row) for row in rows]


def note_of(connection: Connection, execution: int) -> Note | None:
    """The note on the execution with this id; None if it has none."""
    if "notes" not in names_in(connection, PUBLIC):
        return None
    rows = connection.query(
        f'SELECT "text", changed, changed_by FROM {table("notes")} WHERE df_exec = %s', [execution]
    )
    return Note(*rows[0]) if rows else None
