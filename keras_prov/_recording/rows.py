"""Rows of what was captured, in the form of messages; an invalid value loses only itself.

Everything that is captured passes through here. Texts are masked, cut and made storable. A value
that should be a number and is not one becomes NULL, with a line in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dfanalyzer_client.dataset import DataSet
from dfanalyzer_client.declarations.values import EXACT_INTEGERS, stored_value, text_of
from dfanalyzer_client.element import Element
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.masking import captured_row

from .._guard import guarded

__all__ = ["Row", "one_row", "rows_of_set"]

Row = Mapping[str, Any]
"""Values by the names of their columns."""


def one_row(tag: str, values: Row, types: Mapping[str, str] | None = None) -> DataSet:
    """A row of the set `tag` with only these columns.

    Args:
        tag: one of Keras-Prov's sets.
        values: by column.
        types: of columns that are not in `keras_schema`: hyperparameters.
    """
    return _dataset(tag, list(values), [values], types or {})


def rows_of_set(tag: str, rows: Iterable[Row]) -> DataSet:
    """Rows with all columns of one of Keras-Prov's sets; a missing value is NULL.

    Raises:
        KeyError: a value has no column in `keras_schema`.
    """
    columns, listed = SETS[tag].names, list(rows)
    unknown = {name for row in listed for name in row}.difference(columns)
    if unknown:
        raise KeyError(
            f"Values of {', '.join(sorted(unknown))} were captured for {tag}, whose columns are "
            f"{', '.join(columns)}: add them to dfanalyzer_client/keras_schema/sets.py."
        )
    return _dataset(tag, list(columns), listed, {})


def _dataset(
    tag: str, columns: list[str], rows: Iterable[Row], types: Mapping[str, str]
) -> DataSet:
    known = {**SETS[tag].types, **types}
    kinds = [known.get(column) for column in columns]
    elements = []
    for row in rows:
        values = map(row.get, columns)
        plain = [_plain(tag, *cell) for cell in zip(columns, kinds, values, strict=True)]
        elements.append(Element(captured_row(columns, plain)))
    return DataSet(tag, elements, attributes=columns)


def _plain(tag: str, column: str, kind: str | None, value: Any) -> Any:
    """The value as a number or text, else None; in a column of unknown type, texts stay texts."""
    if value is None or type(value) in (str, float):
        return value if kind != "NUMERIC" or type(value) is not str else _number(tag, column, value)
    if type(value) is int and -EXACT_INTEGERS <= value <= EXACT_INTEGERS and kind == "NUMERIC":
        return value
    is_text = isinstance(value, str) if kind is None else kind != "NUMERIC"
    if not is_text:
        return _number(tag, column, value)
    with guarded(f"reading {column} of {tag}", lost=f"{column} of {tag}"):
        return value if isinstance(value, str) else text_of(value)
    return None


def _number(tag: str, column: str, value: Any) -> Any:
    with guarded(f"reading {column} of {tag}", lost=f"{column} of {tag}"):
        return stored_value(value, "NUMERIC", f"{column} of {tag}")
    return None
