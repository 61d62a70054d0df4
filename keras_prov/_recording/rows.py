"""Rows of what was captured, as messages take them: a value that cannot be costs itself alone.

All that is captured passes here: texts are masked, bounded and made storable, and what is no number
where one is wanted becomes NULL, with a word in the log.
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
    """A row of the set `tag` that holds these columns alone.

    Args:
        tag: one of Keras-Prov's sets.
        values: by column.
        types: of the columns that are not in `keras_schema`: hyperparameters.
    """
    return _dataset(tag, list(values), [values], types or {})


def rows_of_set(tag: str, rows: Iterable[Row]) -> DataSet:
    """Rows with all columns of one of Keras-Prov's sets; a value that is not given is NULL.

    Raises:
        KeyError: there is no column of a value's name: `keras_schema` does not spell it.
    """
    columns, listed = SETS[tag].names, list(rows)
    unknown = {name for row in listed for name in row}.difference(columns)
    if unknown:
        raise KeyError(
            f"Values of {', '.join(sorted(unknown))} were captured for {tag}, whose columns are "
            f"{', '.join(columns)}: spell them in dfanalyzer_client/keras_schema/sets.py."
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
        plain = [_plain(tag, *each) for each in zip(columns, kinds, values, strict=True)]
        elements.append(Element(captured_row(columns, plain)))
    return DataSet(tag, elements, attributes=columns)


def _plain(tag: str, column: str, kind: str | None, value: Any) -> Any:
    """A number or a text; None for what cannot be one. Of a column unknown texts are texts."""
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
