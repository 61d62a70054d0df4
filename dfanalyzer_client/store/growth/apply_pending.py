"""Add pending columns to the tables of sets that grew, and update their views, without waiting.

While any transaction is open, whatever it has read, MonetDB does not commit changes of both the
rows and the columns of a table, in either order. A column that is added beside a long-lived reader
would thus block all later rows until the reader ends. So we first insert and delete a row, in a
transaction of its own: then MonetDB refuses the column instead, and we try that again later.
Meanwhile, values of missing columns go into ``waiting_value``, where the set's view finds them.
Newer servers may refuse to recreate views that are being read, and all refuse it for a view that a
user's own view depends on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ...errors import ConflictError, RefusedError, StoreError
from ..connection import Connection
from ..driver_errors import lacks_rights
from ..layout import DataflowLayout, SetLayout
from ..layout_queries import compare_columns
from ..retry import retrying_conflicts
from ..schema import lock_definitions, table
from ..sessions import blocking_sessions, dependents
from ..sql import identifier, qualified
from .pending_columns import fill_statements
from .views import recreating_view

__all__ = ["apply_pending", "tags_with_pending_columns"]

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.3
"""For so long, the conflict may be with another writer; after that, it is with a reader."""

Step = Callable[[Connection, DataflowLayout, SetLayout, Sequence[str]], None]


def apply_pending(
    connection: Connection,
    layout: DataflowLayout,
    readers: Sequence[str],
    *,
    seconds: float = RETRY_SECONDS,
    quiet: bool = False,
) -> bool:
    """Bring the tables and views of a dataflow's sets up to date, as far as possible now.

    Sets that are still not up to date stay in `layout.unfinished`. The log says what blocks them,
    unless `quiet`.

    Returns:
        False if retrying is useless until somebody drops what blocks them.

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
    """Tags of the dataflows with a table that lacks columns, whichever process declared them."""
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
    """Take a step in a transaction of its own; returns the error if it fails."""
    try:
        for attempt in retrying_conflicts(seconds):
            with attempt:
                if known.pending and step is not _recreate_view:
                    _touch(connection, layout, known)
                with connection.transaction():
                    lock_definitions(connection)
                    compare_columns(connection, layout)  # another writer may have been faster
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
    """Insert and delete a row of a set's table, so that MonetDB counts its rows as changed."""
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
    """What blocks a set, what that means, and what to do."""
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
