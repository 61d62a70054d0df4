"""Make a database again from the file of a backup: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import BackupError
from ..bulk import insert_rows
from ..connection import Connection
from ..growth.views import create_view
from ..inspection import tables_of
from ..layout_queries import load_layouts
from ..origins.origin import Origin, origin_of
from ..retry import retrying_conflicts
from ..rights.permissions import all_readers
from ..schema import PUBLIC, TABLES, VERSION, VIEWS, grant, names_in, table
from ..sessions import warn_of_blocking_sessions
from ..sql import column_list, identifier, qualified
from ..upgrade.progress import Progress
from .backup_file import BackupReader, SavedSequence, SavedTable

__all__ = ["load"]

ROWS_AT_ONCE = 20_000
STEP = "the restore"


def load(
    connection: Connection,
    path: Path,
    readers: Sequence[str] = (),
    progress: Progress | None = None,
) -> int:
    """Create everything that a backup has, with the same ids, in one transaction.

    Args:
        connection: of a user who may create schemas, to a database without dataflows.
        path: of the file.
        readers: users who may then SELECT, besides those who may read the catalogue now.
        progress: is told how far it is, if it takes long.

    Returns:
        How many rows were loaded.

    Raises:
        BackupError: the file is no whole backup, or the database has dataflows.
    """
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            reader = BackupReader(path)
            if reader.version > VERSION:
                raise BackupError(
                    f"{path} was written by a newer keras-prov: update this one. Received: "
                    f"catalogue version {reader.version}. Expected: at most {VERSION}."
                )
            loading = _Loading(connection, all_readers(connection, readers))
            for share in loading.run(reader):
                if progress is not None:
                    progress.done(STEP, share)
    return reader.rows


class _Loading:
    """One attempt, in the caller's transaction."""

    def __init__(self, connection: Connection, readers: Sequence[str]) -> None:
        self._connection, self._readers = connection, readers
        self._schemas: set[str] = set()

    def run(self, reader: BackupReader) -> Iterator[float]:
        """Load all of it; yields the share that is done."""
        self._clear()
        saved: SavedTable | None = None
        rows: list[list[Any]] = []
        for part in reader.parts():
            if isinstance(part, list):
                rows.append(part)
            if not isinstance(part, list) or len(rows) == ROWS_AT_ONCE:
                self._insert(saved, rows)
                rows = []
                yield reader.share
            if isinstance(part, SavedTable):
                saved = part
                self._create_table(part)
            elif isinstance(part, SavedSequence):
                self._create_sequence(part)
        self._insert(saved, rows)
        self._create_views()

    def _clear(self) -> None:
        """Remove an empty catalogue; raises BackupError if it is not."""
        connection = self._connection
        origin = origin_of(tables_of(connection, PUBLIC))
        if origin is Origin.NONE:
            if not connection.query("SELECT 1 FROM sys.schemas WHERE name = %s", [PUBLIC]):
                connection.execute(f"CREATE SCHEMA {identifier(PUBLIC)}")
            return
        if connection.query(f"SELECT 1 FROM {table('dataflow')} LIMIT 1"):
            raise BackupError(
                "The database has dataflows, and a backup is restored into one without: use a new "
                "database or, for the private server, --set-aside or another KERAS_PROV_HOME."
            )
        names = names_in(connection, PUBLIC)
        for view in reversed([name for name in VIEWS if name in names]):
            connection.execute(f"DROP VIEW {table(view)}")
        for name in [name for name in TABLES if name in names]:
            connection.execute(f"DROP TABLE {table(name)}")
            if TABLES[name].startswith("id "):
                connection.execute(f"DROP SEQUENCE {table(f'{name}_id_seq')}")

    def _create_table(self, saved: SavedTable) -> None:
        self._check(saved, saved.name.removeprefix("ds_") != saved.name)
        columns = column_list(saved.columns)
        name = qualified(saved.schema, saved.name)
        self._connection.execute(f"CREATE TABLE {name} ({columns})")
        grant(self._connection, saved.schema, saved.name, self._readers)

    def _create_sequence(self, saved: SavedSequence) -> None:
        self._check(saved, saved.name.startswith("ds_") and saved.name.endswith("_id_seq"))
        self._connection.execute(
            f"CREATE SEQUENCE {qualified(saved.schema, saved.name)} AS BIGINT "
            f"START WITH {saved.next}"
        )

    def _check(self, saved: SavedTable | SavedSequence, is_of_set: bool) -> None:
        """Create the schema of a dataflow that was loaded; nothing else is created."""
        if saved.schema == PUBLIC and saved.name.removesuffix("_id_seq") in TABLES:
            return
        if not self._schemas:
            rows = self._connection.query(f"SELECT tag FROM {table('dataflow')}")
            self._schemas = {tag for (tag,) in rows}
            for tag in self._schemas:
                self._connection.execute(f"CREATE SCHEMA {identifier(tag)}")
        if saved.schema not in self._schemas or not is_of_set:
            raise BackupError(
                f"The backup has {qualified(saved.schema, saved.name)}, which is no part of a "
                "catalogue, nor of a dataflow."
            )

    def _insert(self, saved: SavedTable | None, rows: list[list[Any]]) -> None:
        if saved is not None and rows:
            name = qualified(saved.schema, saved.name)
            insert_rows(self._connection, name, list(saved.columns), rows)

    def _create_views(self) -> None:
        names = names_in(self._connection, PUBLIC)
        for name, view in VIEWS.items():
            if set(_tables_in(view)) <= names | {name}:  # an older catalogue has fewer
                self._connection.execute(view)
                grant(self._connection, PUBLIC, name, self._readers)
        for layout in load_layouts(self._connection):
            for known in layout.sets.values():
                if known.stored:
                    create_view(self._connection, layout, known, self._readers)


def _tables_in(view: str) -> Iterator[str]:
    """Names of the catalogue's tables that a view reads."""
    return (name for name in TABLES if f"{table(name)}" in view)
