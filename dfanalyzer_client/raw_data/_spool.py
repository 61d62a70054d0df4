"""Rows of raw data between a file and the journal: read to the end before the first one is sent.

So a row that does not fit is found while nothing is recorded yet, and what is sent is what was
checked, even if the file changes meanwhile. Beyond one batch, the rows wait in a temporary file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from ..declarations.encoding import RowTemplate, encode
from ..declarations.messages import DataSetMessage, FileMessage, TaskMessage
from ..declarations.raw_data import RawElements
from ._access import Access
from ._limits import LIMITS, Limits
from ._reading import RawDataReader

__all__ = ["ReadRows", "read_rows"]

IN_MEMORY = 1 << 20
ONLY_ONCE = ("performances", "files", "derivedFrom", "reuse", "email", "hardware")
"""Parts of a task's message that are not repeated with its further rows."""


class ReadRows:
    """The rows that were read for a task; a context manager, which forgets them.

    Attributes:
        files: the files that were read.
        first: as many rows as one message takes.
    """

    def __init__(self, limits: Limits) -> None:
        self.files: list[FileMessage] = []
        self.first: list[DataSetMessage] = []
        self._limits = limits
        self._sets: list[DataSetMessage] = []
        self._rows: IO[str] = tempfile.SpooledTemporaryFile(  # noqa: SIM115  # closed by __exit__
            IN_MEMORY, "w+", encoding="ascii"
        )

    def __enter__(self) -> ReadRows:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def add(self, tag: str, names: Sequence[str], rows: Iterator[list[Any]]) -> None:
        """Add rows of a set."""
        for batch in self._batches(rows):
            data: DataSetMessage = {"tag": tag, "attributes": list(names), "elements": batch}
            if not self.first:
                self.first.append(data)
                continue
            self._sets.append({**data, "elements": []})
            self._rows.write(encode(batch)[2:-2] + "\n")

    def message(self, task: TaskMessage) -> TaskMessage:
        """A task's message with the files and the first rows.

        A file that the message has already, under its path or its folder, is that file.
        """
        files = [file.copy() for file in task.get("files", ())]
        for read in self.files:
            places = (read["path"], read["path"].removesuffix(f"/{read['name']}"))
            known = [f for f in files if f["name"] == read["name"] and f["path"] in places]
            for file in known:
                file.update({**read, "path": file["path"]})
            if not known:
                files.append(read)
        return {**task, "sets": [*task["sets"], *self.first], "files": files}

    def further(self, task: TaskMessage) -> Iterator[str]:
        """The texts of the messages with the other rows; `task` is the message that was sent."""
        head = {name: part for name, part in task.items() if name not in ONLY_ONCE}
        self._rows.seek(0)
        for data, rows in zip(self._sets, self._rows, strict=True):
            template = RowTemplate({**head, "sets": [data]})  # type: ignore[typeddict-item]
            yield f"{template.head}{rows.rstrip()}{template.tail}"

    def _batches(self, rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
        batch: list[list[Any]] = []
        size = 0
        for row in rows:
            batch.append(row)
            size += sum(len(value) if isinstance(value, str) else 8 for value in row)
            if len(batch) >= self._limits.batch_rows or size >= self._limits.batch_size:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def read_rows(
    task: TaskMessage,
    raw: Sequence[RawElements],
    programs: Mapping[str, str],
    access: Access,
    limits: Limits = LIMITS,
) -> ReadRows:
    """Read all files that the elements of a task name.

    Args:
        task: the task's message; its workspace and files say where files are.
        raw: the elements.
        programs: paths of programs that may read files, by name.
        access: opens the files.
        limits: how much is read.

    Raises:
        RawDataError: a file cannot be read, or is not what its extractor expects.
        ElementError: a value does not fit.
    """
    reader = RawDataReader(task, programs, access, limits)
    found = ReadRows(limits)
    try:
        for each in raw:
            found.add(each.set_tag, each.names, reader.rows(each))
    except BaseException:
        found.__exit__()
        raise
    found.files = _once(reader.files)
    return found


def _once(files: Sequence[FileMessage]) -> list[FileMessage]:
    """Each file once, by its path, with all that is known about it."""
    found: dict[str, FileMessage] = {}
    for file in files:
        found.setdefault(file["path"], file).update(file)
    return list(found.values())
