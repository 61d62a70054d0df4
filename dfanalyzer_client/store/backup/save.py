"""Write what a database has of ours into a file, as it is at one moment, while capture goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import BackupError
from ..connection import Connection
from ..inspection import TableFound, column_kind, tables_of
from ..layout_queries import load_layouts
from ..origins.origin import Origin, origin_of
from ..schema import PUBLIC, TABLES, table
from ..sql import identifier, qualified
from ..upgrade.progress import Progress
from .backup_file import TYPES, BackupWriter, SavedSequence, SavedTable

__all__ = ["save"]


STEP = "the backup"


def save(connection: Connection, path: Path, progress: Progress | None = None) -> int:
    """Write all of the catalogue and of the sets into a new file.

    All of it is read in one transaction, which sees the database as it was when that began. Tables
    and views of other programs are left out, and so are accounts and their rights.

    Args:
        connection: of a user who may read all of it.
        path: of the file, which must not exist.
        progress: is told how far it is, if it takes long.

    Returns:
        How many rows it has.

    Raises:
        BackupError: there is nothing to save, or not in this way, or the file cannot be written.
    """
    if path.exists():
        raise BackupError(f"There is already a file {path}: name one that is not there.")
    try:
        with connection.transaction():
            version = _version(connection)
            writer = BackupWriter(path, version)
            try:
                tables = list(_tables(connection))
                total = max(1, sum(_count(connection, saved) for saved in tables))
                for saved in tables:
                    writer.table(saved)
                    for rows in _rows(connection, saved):
                        writer.add(rows)
                        if progress is not None:
                            progress.done(STEP, writer.rows / total)
                for sequence in _sequences(connection):
                    writer.sequence(sequence)
                writer.finish()
            finally:
                writer.discard()
    except OSError as error:
        raise BackupError(f"The backup {path} cannot be written: {error.strerror}.") from error
    return writer.rows


def _version(connection: Connection) -> int:
    origin = origin_of(tables_of(connection, PUBLIC))
    if origin is Origin.NONE:
        raise BackupError("There is nothing to back up: the database has no catalogue.")
    steps = ""
    if origin is Origin.OURS:
        steps = f"SELECT 1 FROM {table('catalogue_version')} WHERE step LIKE 'predecessor%'"
    if origin is Origin.PREDECESSORS or connection.query(steps):
        raise BackupError(
            "DfAnalyzer created this catalogue, whose tables have other columns: back it up with "
            "MonetDB's own msqldump."
        )
    ((version,),) = connection.query(f"SELECT max(version) FROM {table('catalogue_version')}")
    return int(version)


def _tables(connection: Connection) -> Iterator[SavedTable]:
    """The catalogue's tables, then those of all sets."""
    found = tables_of(connection, PUBLIC)
    for name in TABLES:
        if name in found:
            yield _saved(PUBLIC, found[name])
    for layout in load_layouts(connection):
        of_sets: Mapping[str, TableFound] = tables_of(connection, layout.tag)
        for known in layout.sets.values():
            if known.table in of_sets:
                yield _saved(layout.tag, of_sets[known.table])


def _saved(schema: str, found: TableFound) -> SavedTable:
    columns = {name: column_kind(column.type) for name, column in found.columns.items()}
    for name, kind in columns.items():
        if kind not in TYPES:
            raise BackupError(
                f"The column {name!r} of {qualified(schema, found.name)} has the type {kind}, "
                "which Keras-Prov does not create: back it up with MonetDB's own msqldump."
            )
    return SavedTable(schema, found.name, columns)


def _count(connection: Connection, saved: SavedTable) -> int:
    name = qualified(saved.schema, saved.name)
    ((count,),) = connection.query(f"SELECT count(*) FROM {name}")
    return int(count)


def _rows(connection: Connection, saved: SavedTable) -> Iterator[list[tuple[Any, ...]]]:
    names = ", ".join(map(identifier, saved.columns))
    return connection.chunks(f"SELECT {names} FROM {qualified(saved.schema, saved.name)}")


def _sequences(connection: Connection) -> Iterator[SavedSequence]:
    """Sequences of ids; they are read last, so that they are beyond all ids that were read."""
    rows = connection.query(
        "SELECT s.name, q.name, get_value_for(s.name, q.name) FROM sys.sequences q "
        "JOIN sys.schemas s ON s.id = q.schema_id ORDER BY q.id"
    )
    ours = {(PUBLIC, f"{name}_id_seq") for name in TABLES}
    for layout in load_layouts(connection):
        ours |= {(layout.tag, known.sequence) for known in layout.sets.values()}
    for schema, name, value in rows:
        if (schema, name) in ours:
            yield SavedSequence(schema, name, value)
