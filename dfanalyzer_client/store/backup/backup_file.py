"""The file of a backup: gzipped lines of JSON, read and written one at a time.

The first line says what it is, and the last one how many rows it has, so that a file that was cut
off is noticed. In between, an object names a table or a sequence, and a list is a row of the table
named last.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import BackupError
from ...support.descriptors import open_nofollow

__all__ = ["TYPES", "BackupReader", "BackupWriter", "SavedSequence", "SavedTable"]

FORMAT = 1
TYPES = frozenset({"BIGINT", "BOOLEAN", "DOUBLE", "TEXT", "TIMESTAMP"})
"""The types that columns of a catalogue and of sets have."""

LEVEL = 4
"""Of compression: a higher one takes twice as long, for some percent."""

ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


class SavedTable(NamedTuple):
    """A table, and the types of its columns by name; its rows follow."""

    schema: str
    name: str
    columns: dict[str, str]


class SavedSequence(NamedTuple):
    """A sequence, and the next value that it gives."""

    schema: str
    name: str
    next: int


class BackupWriter:
    """Writes a backup; the file is there once it is whole, for its user only.

    Raises OSError if it cannot be written.
    """

    def __init__(self, path: Path, version: int) -> None:
        self._path = path
        self._new = path.with_name(f"{path.name}.{os.getpid()}.new")
        self._raw = open(self._new, "xb", opener=open_nofollow)  # noqa: SIM115 (closed below)
        self._file = gzip.GzipFile("", "wb", LEVEL, self._raw, mtime=0)
        self.rows = 0
        self._write({"keras_prov_backup": FORMAT, "catalogue_version": version})

    def table(self, saved: SavedTable) -> None:
        """Begin a table; `add` adds its rows."""
        self._write({"table": [saved.schema, saved.name], "columns": saved.columns})

    def sequence(self, saved: SavedSequence) -> None:
        """Add a sequence."""
        self._write({"sequence": [saved.schema, saved.name], "next": saved.next})

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows of the table that was begun last; times become texts."""
        self._write(*rows)
        self.rows += len(rows)

    def finish(self) -> None:
        """Complete the file, durably, and give it its name."""
        self._write({"rows": self.rows})
        self._file.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._new.replace(self._path)

    def discard(self) -> None:
        """Remove what was written; does nothing to a finished file."""
        self._raw.close()
        self._new.unlink(missing_ok=True)

    def _write(self, *lines: object) -> None:
        self._file.write("".join([f"{ENCODER.encode(line)}\n" for line in lines]).encode())


class BackupReader:
    """Reads a backup; raises BackupError if the file is none, damaged, or cut off.

    Attributes:
        version: of the catalogue.
        rows: how many rows were read.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.rows = path, 0
        self._size, self._position = 1, 0
        self._lines = self._read()
        head = next(self._lines)
        known = head if isinstance(head, dict) else {}
        version = known.get("catalogue_version")
        if known.get("keras_prov_backup") != FORMAT or not isinstance(version, int):
            raise BackupError(
                f"{path} is no backup that this version reads. Expected a file of `keras-prov db "
                "backup`."
            )
        self.version = version

    @property
    def share(self) -> float:
        """How much of the file was read, from 0 to 1."""
        return self._position / self._size

    def parts(self) -> Iterator[SavedTable | SavedSequence | list[Any]]:
        """Tables, sequences, and rows of the table that came last."""
        for line in self._lines:
            if isinstance(line, list):
                self.rows += 1
                yield line
            elif line.get("rows") == self.rows:
                return
            else:
                yield self._named(line)

    def _named(self, line: dict[str, Any]) -> SavedTable | SavedSequence:
        """The table or sequence of a line; its parts are written into statements."""
        try:
            if "sequence" in line:
                schema, name = line["sequence"]
                return SavedSequence(str(schema), str(name), int(line["next"]))
            schema, name = line["table"]
            columns = {str(column): type_ for column, type_ in line["columns"].items()}
            if TYPES.issuperset(columns.values()):
                return SavedTable(str(schema), str(name), columns)
        except (AttributeError, KeyError, TypeError, ValueError):
            pass
        raise self._damaged("it ends too early, or a line names no table")

    def _read(self) -> Iterator[Any]:
        try:
            with self._path.open("rb") as raw, gzip.open(raw, "rt", encoding="utf-8") as file:
                self._size = max(1, os.fstat(raw.fileno()).st_size)
                for line in file:
                    self._position = raw.tell()
                    yield json.loads(line)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise self._damaged(str(error)) from None
        yield {}

    def _damaged(self, why: str) -> BackupError:
        return BackupError(f"{self._path} cannot be read as a backup: {why}.")
