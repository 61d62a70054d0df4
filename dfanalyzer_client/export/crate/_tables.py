"""The rows of an execution as CSV, one file per set (RFC 4180, in UTF-8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...executions.record import ExecutionRecord, SetRecord
from ...keras_schema import Role, tags_of
from ...support.numbers import non_finite_text
from ...support.spreadsheet import escape_formula
from ._files import safe_name, unused_name
from ._labels import key_of, spelled

__all__ = ["Table", "csv_text", "tables_of"]

FOLDERS = {True: "metrics", False: "inputs"}
"""The folders of sets that tasks write, and of sets that they only read."""


@dataclass(frozen=True)
class Table:
    """A set as a file: its path in the crate, and its content."""

    path: str
    content: SetRecord
    text: str

    @property
    def name(self) -> str:
        """The set's tag, as the documentation spells it."""
        return spelled(self.content.tag)

    @property
    def description(self) -> str:
        """What the file holds."""
        count = len(self.content.rows)
        verb = "wrote" if self.content.is_output else "read"
        columns = ", ".join(self.content.columns)
        return f"{count} row{'s' * (count != 1)} that the tasks {verb}: {columns}."


ENVIRONMENTS = tags_of(Role.ENVIRONMENT)


def tables_of(record: ExecutionRecord) -> list[Table]:
    """All sets of an execution except its environment, which has files of its own."""
    taken: set[str] = set()
    return [
        Table(
            f"{FOLDERS[content.is_output]}/{unused_name(f'{safe_name(content.tag)}.csv', taken)}",
            content,
            _csv(content),
        )
        for content in record.sets
        if content.tag not in ENVIRONMENTS
    ]


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV, below a line with the names of their columns."""
    return "".join(map(_line, [columns, *rows]))


def _csv(content: SetRecord) -> str:
    """A column with the row's task, then the columns of the set."""
    rows = ([key_of(row.task), *row.values] for row in content.rows)
    return csv_text(["task", *content.columns], rows)


def _line(values: Iterable[Any]) -> str:
    return ",".join(map(_cell, values)) + "\r\n"


def _cell(value: Any) -> str:
    """A cell: NULL is empty, an empty text is quoted, NaN and infinities stay, formulas do not."""
    if value is None:
        return ""
    if isinstance(value, float) and (text := non_finite_text(value)) is not None:
        return text
    text = str(escape_formula(value))
    if text == "" or any(special in text for special in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
