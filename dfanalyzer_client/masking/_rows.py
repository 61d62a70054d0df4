"""Mask the texts of rows, by the name of the column or by the name that the row gives its value."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..keras_schema import names as tags
from ..keras_schema.names import MASK
from ._captured import captured_text
from ._command import masked_command
from ._names import is_secret, is_secret_name
from ._text import masked

__all__ = ["captured_row", "masked_location", "masked_row"]

VALUE = tags.LAYER_VALUE.lower()
NAMING_COLUMNS = (tags.LAYER_ATTRIBUTE.lower(), "name")
"""Columns that hold the name of the value in the same row."""

DIGESTS = frozenset({"hash", "hash_kind", "sha256"})
"""Columns whose texts look random but are not secret."""

DIGEST_NAME = re.compile("(?i)sha|md5|hash|digest|checksum|commit|uuid|revision")

LOCATIONS = frozenset({"made_at", "optimizer_place", "path"})
"""Columns of locations in the file system."""

GUESSED_COLUMNS = frozenset({"callbacks", "detail", "spec", VALUE})
"""Columns in which a long word that looks random is taken for a secret.

In other columns, users record such words on purpose: the digest of a data set, a layer's name.
"""

FACT = ("kind", "name", VALUE)
"""The columns of ``iEnvironment``."""

SHORT = 200
"""Texts up to this length are cached, because the same layers come with every training."""


def captured_row(columns: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """The values of a row as they are stored: texts pass `captured_text`."""
    return _row(columns, values, _captured_cell)


def masked_row(columns: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """The values of a row with the texts masked.

    Args:
        columns: the names of the values.
        values: of one row.
    """
    return _row(columns, values, _masked_cell)


def _row(
    columns: Sequence[str], values: Sequence[Any], cell: Callable[[str, str, str], str]
) -> list[Any]:
    names, naming = _names(tuple(columns))
    label = "" if naming is None else str(values[naming] or "")
    if names == FACT:
        label = f"{values[0]}\0{label}"
    return [
        cell(name, label, value) if isinstance(value, str) else value
        for name, value in zip(names, values, strict=True)
    ]


@functools.lru_cache(maxsize=256)
def _names(columns: tuple[str, ...]) -> tuple[tuple[str, ...], int | None]:
    """The columns in lower case, and the position of the one that names the value."""
    names = tuple(column.lower() for column in columns)
    namers = [names.index(name) for name in NAMING_COLUMNS if name in names and VALUE in names]
    return names, namers[0] if namers else None


def _captured_cell(column: str, label: str, text: str) -> str:
    if len(text) <= SHORT and type(text) is str:
        return _remembered(column, label if column == VALUE else "", text)
    return captured_text(text, mask=partial(_masked_cell, column, label))


@functools.lru_cache(maxsize=8192)
def _remembered(column: str, label: str, text: str) -> str:
    return captured_text(text, mask=partial(_masked_cell, column, label))


def masked_location(text: str) -> str:
    """A location: a path stays as it is; the secrets of a URL are masked."""
    return masked(text, guess=False) if "://" in text else text


def _masked_cell(column: str, label: str, text: str) -> str:
    """Mask a text in a column; `label` is the row's name for the value, with the kind of a fact."""
    if column in DIGESTS:
        return text
    if column in LOCATIONS:
        return masked_location(text)
    kind, separator, fact = label.partition("\0")
    if column == VALUE and separator:
        return _masked_fact(kind, fact, text)
    name = label if column == VALUE and label else column
    if is_secret_name(name) and is_secret(name, text):
        return MASK
    return masked(text, guess=column in GUESSED_COLUMNS and not DIGEST_NAME.search(name))


def _masked_fact(kind: str, name: str, text: str) -> str:
    """A value of the environment, masked; packages and commits are never secret."""
    if kind == "variable":
        return MASK if is_secret_name(name) else masked(text)
    if (kind, name) == ("process", "command_line"):
        return masked_command(text)
    if (kind, name) == ("git", "remote"):
        return masked(text, guess=False)
    return masked_location(text)
