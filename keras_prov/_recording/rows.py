"""Rows of what was captured, as messages take them: a value that cannot be costs itself alone.

All that is captured passes here: texts are masked, bounded and made storable, and what is no number
where one is wanted becomes NULL, with a word in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dfanalyzer_client.attribute_type import AttributeType
from dfanalyzer_client.dataset import DataSet
from dfanalyzer_client.declarations.values import EXACT_INTEGERS, stored_value, text_of
from dfanalyzer_client.element import Element
from dfanalyzer_client.masking import captured_row

from .._guard import guarded
from .dataflow import COLUMNS

__all__ = ["one_row", "rows_of_set"]

Types = Mapping[str, str | AttributeType]


def one_row(tag: str, values: Mapping[str, Any], types: Types | None = None) -> DataSet:
    """A row of the set `tag` by its columns; `types` of those that are no columns of ours."""
    return _dataset(tag, list(values), [list(values.values())], types or {})


def rows_of_set(tag: str, rows: Iterable[Sequence[Any]]) -> DataSet:
    """Rows of one of our sets, each with the values of all of its columns."""
    return _dataset(tag, list(COLUMNS[tag]), rows, {})


def _dataset(tag: str, columns: list[str], rows: Iterable[Sequence[Any]], types: Types) -> DataSet:
    known = {**COLUMNS.get(tag, {}), **types}
    kinds = [_kind(known.get(column)) for column in columns]
    elements = []
    for row in rows:
        plain = [_plain(tag, *each) for each in zip(columns, kinds, row, strict=True)]
        elements.append(Element(captured_row(columns, plain)))
    return DataSet(tag, elements, attributes=columns)


def _kind(type_: str | AttributeType | None) -> str | None:
    return type_.value if isinstance(type_, AttributeType) else type_


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
