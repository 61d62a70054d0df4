"""Rows with their texts masked: what a column is called, or what its row says, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from .. import vocabulary as tags
from ..vocabulary import MASK
from ._captured import captured_text
from ._command import masked_command
from ._names import is_secret, is_secret_name
from ._text import masked

__all__ = ["captured_row", "masked_place", "masked_row"]

VALUE = tags.LAYER_VALUE.lower()
TOLD = (tags.LAYER_ATTRIBUTE.lower(), "name")
"""Columns that say what the value is called which stands in the same row."""

DIGESTS = frozenset({"hash", "hash_kind", "sha256"})
"""Columns whose texts look drawn by lot and open nothing."""

PLACES = frozenset({"made_at", "optimizer_place", "path"})
"""Columns of places in the file system."""

NAMES = frozenset({
    "attribute", "attribute_type", "callback", "class", "dataflow", "dtype", "framework", "inbound",
    "kind", "metric", "name", "of_set", "outbound", "output_shape", "role", "shape", "study",
    "trial",
})  # fmt: skip
"""Columns that tell one thing from another: what only looks random is left in them."""

FACT = frozenset({"kind", "name", "value"})
"""The columns of ``iEnvironment``."""


def captured_row(columns: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """A row's values as they are stored: each text passes `captured_text`."""
    names, row = _by_column(columns, values)
    return [
        captured_text(value, mask=partial(_masked_cell, name, row))
        if isinstance(value, str)
        else value
        for name, value in zip(names, values, strict=True)
    ]


def masked_row(columns: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """A row with its texts masked.

    Args:
        columns: the names of the values.
        values: of one row.
    """
    names, row = _by_column(columns, values)
    return [
        _masked_cell(name, row, value) if isinstance(value, str) else value
        for name, value in zip(names, values, strict=True)
    ]


def masked_place(text: str) -> str:
    """A place in the file system, whose names stay; of a URL all that is secret is masked."""
    return masked(text, guess=False) if "://" in text else text


def _by_column(columns: Sequence[str], values: Sequence[Any]) -> tuple[list[str], dict[str, Any]]:
    names = [column.lower() for column in columns]
    return names, dict(zip(names, values, strict=True))


def _masked_cell(column: str, row: Mapping[str, Any], text: str) -> str:
    if column in DIGESTS:
        return text
    if column in PLACES:
        return masked_place(text)
    if column == VALUE and row.keys() == FACT:
        return _masked_fact(str(row["kind"]), str(row["name"]), text)
    name = _name_of(column, row)
    if is_secret_name(name) and is_secret(name, text):
        return MASK
    return masked(text, guess=column not in NAMES)


def _name_of(column: str, row: Mapping[str, Any]) -> str:
    """What a column's value is called: what another column says, else the column's name."""
    said = (row[each] for each in TOLD if column == VALUE and row.get(each))
    return str(next(said, column))


def _masked_fact(kind: str, name: str, text: str) -> str:
    """A value of the environment: a package or a commit is no secret, whatever it is called."""
    if kind == "variable":
        return MASK if is_secret_name(name) else masked(text)
    if (kind, name) == ("process", "command_line"):
        return masked_command(text)
    if (kind, name) == ("git", "remote"):
        return masked(text, guess=False)
    return masked_place(text)
