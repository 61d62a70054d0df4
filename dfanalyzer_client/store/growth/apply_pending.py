"""Tables and views of sets that grow, brought forward without waiting for anybody.

As long as any transaction is open, whatever it has read, MonetDB commits no change both of a
table's rows and of its columns, in whichever order: a column added beside a reader that stays would
refuse all rows until it goes. So a row comes and goes first, in a transaction of its own; then the
column is what is refused, and what cannot be done now waits, and is tried again. Meanwhile values
of columns that are missing go into ``waiting_value``, where the set's view finds them. Newer
servers may keep views that are read from being made anew, and a view of the user's own keeps ours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ...errors import ConflictError, RefusedError, StoreError
from ..connection import Connection, lacks_rights
from ..layout import DataflowLayout, SetLayout, compare_columns
from ..retry import retrying_conflicts
from ..schema import lock_definitions, table
from ..sessions import blocking_sessions, dependents
from ..sql import identifier, qualified
from .pending_columns import fill_statements
from .views import recreating_view

__all__ = ["apply_pending", "tags_with_pending_columns"]

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.3
"""So long another writer may be the one who is in our way; after that it is a reader."""

Step = Callable[[Connection, DataflowLayout, SetLayout, Sequence[str]], None]


def apply_pending(
    connection: Connection,
    layout: DataflowLayout,
    readers: Sequence[str],
    *,
    seconds: float = RETRY_SECONDS,
    quiet: bool = False,
) -> bool:
    """Give the sets of a dataflow the tables and views that they should have, where it can be done.

    `layout.unfinished` are those of which something waits on; the log names who holds them, unless
    `quiet`.

    Returns:
        False where trying again is of no use until somebody has dropped what holds them.

    Raises:
        RefusedError: the user lacks the right to do it.
    """
    may_pass = True
    for known in layout.unfinished:
        error = _attempt(_update_table_and_view, connection, layout, known, readers, seconds)
        if error is None:
            continue
        if isinstance(error, RefusedError):
            _attempt(_add_columns, connection, layout, known, readers, seconds)
        elif known.stale:
            _attempt(_recreate_view, connection, layout, known, readers, seconds)
        if not quiet:
            logger.warning("%s", _explain(connection, layout, known, error))
        may_pass &= not isinstance(error, RefusedError)
    return may_pass


def tags_with_pending_columns(connection: Connection) -> list[str]:
    """Dataflows of which a table has not got all its columns yet, whoever made them grow."""
    columns = (
        f"SELECT ds_id, name FROM {table('attribute')} UNION "
        f"SELECT d.ds_id, t.tag || '_task_id' FROM {table('data_dependency')} d "
        f"JOIN {table('data_transformation')} t ON t.id IN (d.previous_dt_id, d.next_dt_id)"
    )
    rows = connection.query(
        "SELECT DISTINCT f.tag FROM "
        f"({columns}) AS w(ds_id, name) JOIN {table('data_set')} s ON s.id = w.ds_id "
        f"JOIN {table('dataflow')} f ON f.id = s.df_id JOIN sys.schemas n ON n.name = f.tag "
        "JOIN sys.tables b ON b.schema_id = n.id AND b.name = 'ds_' || s.tag AND b.type = 0 "
        "LEFT JOIN sys.columns c ON c.table_id = b.id AND c.name = w.name WHERE c.id IS NULL"
    )
    return [tag for (tag,) in rows]


def _attempt(
    step: Step,
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    readers: Sequence[str],
    seconds: float,
) -> ConflictError | RefusedError | None:
    """Take a step in a transaction of its own; what is in its way."""
    try:
        for attempt in retrying_conflicts(seconds):
            with attempt:
                if known.pending and step is not _recreate_view:
                    _touch(connection, layout, known)
                with connection.transaction():
                    lock_definitions(connection)
                    compare_columns(connection, layout)  # another writer may have taken it
                    step(connection, layout, known, readers)
    except (ConflictError, RefusedError) as error:
        if isinstance(error, RefusedError) and lacks_rights(error):
            raise
        return error
    finally:
        with connection.transaction():
            compare_columns(connection, layout)
    return None


def _update_table_and_view(
    connection: Connection, layout: DataflowLayout, known: SetLayout, readers: Sequence[str]
) -> None:
    if known.pending or known.stale:
        with recreating_view(connection, layout, known, readers):
            _add_columns(connection, layout, known, readers)


def _touch(connection: Connection, layout: DataflowLayout, known: SetLayout) -> None:
    """Change the rows of a set's table, and leave them as they are."""
    name = qualified(layout.tag, known.table)
    with connection.transaction():
        connection.execute(f'INSERT INTO {name} ("id") VALUES (NULL)')
        connection.execute(f'DELETE FROM {name} WHERE "id" IS NULL')


def _add_columns(
    connection: Connection, layout: DataflowLayout, known: SetLayout, _: Sequence[str]
) -> None:
    added = sorted(known.pending)
    for name in added:
        connection.execute(
            f"ALTER TABLE {qualified(layout.tag, known.table)} "
            f"ADD COLUMN {identifier(name)} {known.type_of(name)}"
        )
    for statement in fill_statements(layout, known, added):
        connection.execute(statement)
    known.pending = set()


def _recreate_view(
    connection: Connection, layout: DataflowLayout, known: SetLayout, readers: Sequence[str]
) -> None:
    with recreating_view(connection, layout, known, readers):
        pass


def _explain(
    connection: Connection, layout: DataflowLayout, known: SetLayout, error: StoreError
) -> str:
    """Who is in the way, what it means, and what to do."""
    name = qualified(layout.tag, known.tag)
    if isinstance(error, RefusedError):
        held = ", ".join(dependents(connection, layout.tag, known.tag)) or str(error)
        return (
            f"The set {name} has grown, and its view cannot be recreated, because others are built "
            f"on it: {held}. Rows are still stored. Drop those, and create them again later."
        )
    effect = "they are read without the new columns" if known.stale else "they are read as always"
    sessions = blocking_sessions(connection)
    return (
        f"The set {name} has grown, and its table waits for its new columns until {sessions} ends "
        f"(COMMIT, ROLLBACK, or the end of the session). Rows are stored meanwhile, and {effect}; "
        "nothing else waits, and nothing needs to be repeated."
    )
