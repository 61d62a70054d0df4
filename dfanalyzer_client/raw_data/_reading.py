"""The rows that elements of a task lead to, from the files that they name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from ..declarations.messages import FileMessage, TaskMessage
from ..declarations.raw_data import RawElements, Source
from ..errors import RawDataError
from ._access import Access, OpenedFile
from ._csv_rows import csv_rows
from ._joining import joined_rows
from ._limits import Limits
from ._lines import Lines
from ._program import printed_by

__all__ = ["RawDataReader"]

PROGRAM = "PROGRAM"
CSV_READERS = {("EXTRACTION", "CSV"), ("INDEXING", "CSV"), ("INDEXING", "POSITIONAL_INDEX")}


class _Reading(NamedTuple):
    """A file that is being read."""

    opened: OpenedFile
    lines: Lines
    is_whole: bool


class RawDataReader:
    """Reads the files of one task.

    Args:
        task: the task's message.
        programs: paths of the programs that may read files, by name.
        access: opens files.
        limits: how much is read.

    Attributes:
        files: what was read, as in a task's message.
    """

    def __init__(
        self, task: TaskMessage, programs: Mapping[str, str], access: Access, limits: Limits
    ) -> None:
        self._task, self._programs = task, programs
        self._access, self._limits = access, limits
        self.files: list[FileMessage] = []

    def rows(self, raw: RawElements) -> Iterator[list[Any]]:
        """Rows with the values of `raw.names`.

        Raises:
            RawDataError: a file cannot be read, or is not what its extractor expects.
            ElementError: a value does not fit.
        """
        names = raw.names
        for own, paths in raw.elements:
            given = dict(zip(raw.own, own, strict=True))
            for count, row in enumerate(self._element(raw, paths), 1):
                if count > self._limits.rows:
                    raise RawDataError(
                        f"{', '.join(paths)}: more than {self._limits.rows} rows. Split the file, "
                        "and name each part in an element of its own."
                    )
                whole = {**row, **given}
                yield [whole.get(name) for name in names]

    def _element(self, raw: RawElements, paths: Sequence[str]) -> Iterator[dict[str, Any]]:
        with ExitStack() as stack:
            readings = [
                self._opened(source, self._located(path), stack)
                for source, path in zip(raw.sources, paths, strict=True)
            ]
            rows = [
                csv_rows(reading.lines, source)
                for source, reading in zip(raw.sources, readings, strict=True)
            ]
            if raw.combination is None:
                yield from rows[0]
            else:
                yield from joined_rows(raw.combination, raw.sources, rows, self._limits.joined)
            for reading in readings:
                self.files.append(_file_message(reading))

    def _located(self, value: str) -> str:
        """The path that a value names: of a file of the task, or below its workspace."""
        for file in self._task.get("files", ()):
            if file["name"] == value:
                path = Path(file["path"])  # of the file, or of its folder, as DfAnalyzer has it
                value = str(path if path.name == value else path / value)
                break
        return str(Path(self._task.get("workspace") or "", value))

    def _opened(self, source: Source, path: str, stack: ExitStack) -> _Reading:
        kind = source.cartridge, source.extension
        if kind not in CSV_READERS and kind != ("EXTRACTION", PROGRAM):
            raise RawDataError(
                f"Extractor {source.tag!r} is {' '.join(kind)}, which is only stored, not done: "
                "files are read by EXTRACTION CSV, EXTRACTION PROGRAM and INDEXING CSV. Send the "
                "values themselves, or use one of these."
            )
        opened = self._access.open(path)
        stack.callback(opened.file.close)
        if source.extension != PROGRAM:
            return _Reading(opened, Lines(opened.file, opened.path, self._limits), is_whole=True)
        command = self._access.command(self._program(source), opened)
        output = printed_by(command, opened, self._limits)
        stack.callback(output.close)
        name = f"{opened.path} as {command.program} prints it"
        return _Reading(opened, Lines(output, name, self._limits), is_whole=False)

    def _program(self, source: Source) -> str:
        """The path of the program that has the extractor's tag as its name."""
        for name, path in self._programs.items():
            if name.lower() == source.tag:
                return path
        raise RawDataError(
            f"Extractor {source.tag!r} is run as the program of that name, which this process has "
            f"not declared for transformation {self._task['transformation']!r}: give that a "
            f"Program({source.tag!r}, PATH)."
        )


def _file_message(reading: _Reading) -> FileMessage:
    """The file as in a task's message; a program's is not read by us, so it has no digest."""
    path = reading.opened.path
    message: FileMessage = {"name": Path(path).name, "path": path, "mode": "read"}
    if reading.is_whole:
        message["size"], message["sha256"] = reading.lines.size, reading.lines.sha256()
    else:
        message["size"] = os.fstat(reading.opened.file.fileno()).st_size
    return message
