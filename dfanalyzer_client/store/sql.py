"""Build SQL text from names, never from values: pure functions.

pymonetdb binds parameters to ``%s``, so a ``%`` in a name must be doubled if there are any.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

__all__ = [
    "among",
    "column_list",
    "identifier",
    "inserts",
    "literal",
    "next_range",
    "next_values",
    "placeholders",
    "qualified",
]

ROWS_PER_STATEMENT = 500
"""Multi-row inserts were fastest with so many rows; 1,000 were not faster."""

IDS_NAMED = 500
"""A statement that names more ids takes longer to parse than their range to read."""

CHARACTERS_PER_STATEMENT = 4_000_000


def identifier(name: str) -> str:
    """A name in double quotes, so that any text is a valid name."""
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """A name in its schema."""
    return f"{identifier(schema)}.{identifier(name)}"


def column_list(types: Mapping[str, str]) -> str:
    """Columns and their types, as CREATE TABLE takes them."""
    return ", ".join(f"{identifier(name)} {type_}" for name, type_ in types.items())


def among(column: str, ids: Collection[int]) -> str:
    """A condition that a column has one of some ids: all of them are named, or their range is.

    With very many ids, the range is a wider condition; what it adds has to be left out afterwards.
    """
    if len(ids) > IDS_NAMED:
        return f"{column} BETWEEN {int(min(ids))} AND {int(max(ids))}"
    return f"{column} IN ({', '.join(str(int(id_)) for id_ in ids) or 'NULL'})"


def literal(text: str) -> str:
    """A part of a statement with parameters, with each ``%`` doubled."""
    return text.replace("%", "%%")


def placeholders(count: int) -> str:
    """`count` marks for values, separated by commas."""
    return ", ".join(["%s"] * count)


def inserts(
    table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, list[Any]]]:
    """INSERT statements of many rows, with their parameters."""
    names = ", ".join(identifier(column) for column in columns)
    head = literal(f"INSERT INTO {table} ({names}) VALUES ")
    one = f"({placeholders(len(columns))})"
    for chunk in _chunks(rows):
        values = [value for row in chunk for value in row]
        yield head + ", ".join([one] * len(chunk)), values


def next_values(sequence: str, count: int) -> str:
    """A query for `count` fresh values of a sequence."""
    rows = ", ".join(["(0)"] * count)
    return f"SELECT NEXT VALUE FOR {sequence} AS v FROM (VALUES {rows}) AS n(x)"


def next_range(sequence: str, count: int) -> str:
    """A query for the first and the last of `count` fresh values of a sequence."""
    return f"SELECT min(v), max(v) FROM ({next_values(sequence, count)}) AS r"


def _chunks(rows: Sequence[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    chunk: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        width = sum(len(value) for value in row if isinstance(value, str))
        if chunk and (len(chunk) == ROWS_PER_STATEMENT or size + width > CHARACTERS_PER_STATEMENT):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += width
    if chunk:
        yield chunk
