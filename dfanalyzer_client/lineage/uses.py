"""Which tasks wrote or read a file, or trained on its data: looked up by hash, never by listing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import RefusedError
from ..keras_schema import names as tags
from ..store.connection import Connection
from ..store.driver_errors import lacks_rights
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import identifier, literal, placeholders, qualified
from .content import Content, Fingerprint

__all__ = [
    "DATA_SETS",
    "Use",
    "check_contents",
    "data_uses",
    "file_uses",
    "newest_content",
    "readable",
    "uses_at",
    "uses_of",
]

SETS = {
    tags.SAVED_FILE.lower(): tags.SAVING.lower(),
    tags.LOADED_FILE.lower(): tags.LOADING.lower(),
}
DATA_SETS = {
    tags.DATASET.lower(): tags.TRAINING.lower(),
    tags.TESTING_DATASET.lower(): tags.TESTING.lower(),
}
TABLES_AT_ONCE = 40

DETAILED = 200
"""Of so many uses in each set, the newest ones, kind, callback and epoch are looked up."""


@dataclass
class Use:
    """What a task of an execution did with a file or its data.

    Attributes:
        mode: ``written``, ``read``, or ``data`` if the data in it were trained on or tested with.
        df_exec: the execution's id.
        execution: the execution's tag.
        dataflow: the dataflow's tag.
        task_id: the task's id.
        path: where the file was then; None for data.
        sha256: of its content then; None for data.
        when: when the task began, in UTC.
        kind: ``model``, ``weights``, ``checkpoint``, …; of data, ``training``, ``validation`` or
            ``test``.
        callback: the class of the callback that did it.
        epoch: in which epoch, from 0.
        part: which part of the data: ``x``, ``y``.
        hash_kind: whether the data are the same as a whole, or as far as both were sampled.
    """

    mode: str
    df_exec: int
    execution: str
    dataflow: str
    task_id: int
    path: str | None = None
    sha256: str | None = None
    when: datetime | None = None
    kind: str | None = None
    callback: str | None = None
    epoch: int | None = None
    part: str | None = None
    hash_kind: str | None = None


def check_contents(catalogue: Catalogue) -> None:
    """Raise RefusedError if a catalogue does not know the contents of files."""
    if "sha256" not in catalogue.columns("file"):
        raise RefusedError(
            "The catalogue is of an older version or of DfAnalyzer, and knows no contents of "
            "files: `keras-prov db upgrade` upgrades it."
        )


def file_uses(connection: Connection, contents: Sequence[Content]) -> list[Use]:
    """Who wrote or read files with the content of one of these, oldest first."""
    digests = [content.sha256 for content in contents]
    return _with_details(connection, _files(connection, "f.sha256", digests))


def uses_at(connection: Connection, paths: Sequence[str]) -> list[Use]:
    """Who wrote or read whatever was at one of these paths, oldest first."""
    return _with_details(connection, _files(connection, "f.path", paths))


def newest_content(connection: Connection, name: str) -> str | None:
    """The SHA-256 of the newest file that was at this path, or had this name in any folder."""
    for column in ("path", "name"):
        rows = connection.query(
            f"SELECT sha256 FROM {table('file')} WHERE {identifier(column)} = %s "
            "AND sha256 IS NOT NULL ORDER BY id DESC LIMIT 1",
            [name],
        )
        if rows:
            return str(rows[0][0])
    return None


def uses_of(connection: Connection, ids: Sequence[int]) -> list[Use]:
    """What executions wrote and read, oldest first."""
    return _with_details(connection, _files(connection, "b.df_exec", ids))


def data_uses(connection: Connection, fingerprints: Sequence[Fingerprint]) -> list[Use]:
    """Who trained on these data, or tested with them, oldest first."""
    if not fingerprints:
        return []
    found = connection.query(
        "SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        f"WHERE t.type = 0 AND t.name IN ({placeholders(len(DATA_SETS))}) ORDER BY s.name, t.name",
        [f"ds_{name}" for name in DATA_SETS],
    )
    hashes = list(dict.fromkeys(each.hash for each in fingerprints))
    rows: list[tuple[Any, ...]] = []
    for first in range(0, len(found), TABLES_AT_ONCE):
        rows += _data_rows(connection, found[first : first + TABLES_AT_ONCE], hashes)
    uses = [
        Use("data", id_, tag, of, task, None, None, when, role, None, None, name, kind)
        for id_, tag, of, task, when, role, name, kind in rows
    ]
    return sorted(uses, key=lambda use: use.task_id)


def _files(connection: Connection, column: str, values: Sequence[str | int]) -> list[Use]:
    """What tasks did with files whose `column`, which is SQL, has one of the values."""
    if not values:
        return []
    rows = connection.query(
        "SELECT f.mode, e.id, e.tag, d.tag, b.id, f.path, f.sha256, b.began "
        f"FROM {table('file')} f JOIN {table('task_begun')} b ON b.id = f.task_id "
        f"JOIN {table('dataflow_execution')} e ON e.id = b.df_exec "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id "
        f"WHERE {column} IN ({placeholders(len(values))}) AND f.sha256 IS NOT NULL "
        "ORDER BY f.id",
        list(values),
    )
    return [Use(mode or "read", *rest) for mode, *rest in rows]


def _with_details(connection: Connection, uses: list[Use]) -> list[Use]:
    """Add what only the dataflows' sets have: kind, callback and epoch."""
    for (dataflow, name), all_of_set in _by_set(uses).items():
        of_set = all_of_set[-DETAILED:]
        task = identifier(f"{SETS[name]}_task_id")
        rows = readable(
            connection,
            literal(
                f"SELECT {task}, sha256, kind, callback, epoch_id "
                f"FROM {qualified(dataflow, f'ds_{name}')} WHERE {task} IN "
            )
            + f"({placeholders(len(of_set))})",
            [use.task_id for use in of_set],
        )
        details = {(task_id, sha256): rest for task_id, sha256, *rest in rows}
        for use in of_set:
            kind, callback, epoch = details.get((use.task_id, use.sha256), (None, None, None))
            use.kind, use.callback = kind, callback
            use.epoch = None if epoch is None else int(epoch)
    return uses


def _by_set(uses: Sequence[Use]) -> dict[tuple[str, str], list[Use]]:
    found: dict[tuple[str, str], list[Use]] = {}
    saved, loaded = SETS
    for use in uses:
        found.setdefault((use.dataflow, saved if use.mode == "written" else loaded), []).append(use)
    return found


def _data_rows(
    connection: Connection, tables: Sequence[tuple[str, str]], hashes: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The rows of sets of data that have one of the hashes; of those that we may read."""
    statement, parameters = _data_statement(tables, hashes)
    try:
        return connection.query(statement, parameters)
    except RefusedError:
        connection.rollback()
        if len(tables) == 1:  # not readable, or another program's set of that name
            return []
        return [row for each in tables for row in _data_rows(connection, [each], hashes)]


def _data_statement(
    tables: Sequence[tuple[str, str]], hashes: Sequence[str]
) -> tuple[str, list[str]]:
    marks = placeholders(len(hashes))
    parts = [
        literal(
            f"SELECT {identifier(DATA_SETS[name.removeprefix('ds_')] + '_task_id')} AS task_id, "
            f"role, name, hash_kind FROM {qualified(dataflow, name)} WHERE hash IN "
        )
        + f"({marks})"
        for dataflow, name in tables
    ]
    statement = (
        "SELECT e.id, e.tag, d.tag, b.id, b.began, u.role, u.name, u.hash_kind FROM ("
        + " UNION ALL ".join(parts)
        + f") AS u JOIN {table('task_begun')} b ON b.id = u.task_id "
        f"JOIN {table('dataflow_execution')} e ON e.id = b.df_exec "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id"
    )
    return statement, list(hashes) * len(tables)


def readable(
    connection: Connection, statement: str, parameters: Sequence[Any]
) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement; none if there is no such table, or we may not read it."""
    try:
        yield from connection.query(statement, parameters)
    except RefusedError as error:
        connection.rollback()  # MonetDB refuses everything else in this transaction
        if not lacks_rights(error) and "no such" not in str(error).lower():
            raise
