"""Rows as data frames of pandas, polars or Arrow: one way for all, through narwhals.

A column has the one type that holds all its values. Numbers of several kinds are floats; values of
several kinds, such as a hyperparameter that is a number in one run and a text in another, are
texts. Nothing is lost where a value is missing: integers stay integers.
"""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..support.distribution import install_command

if TYPE_CHECKING:
    import narwhals

__all__ = ["Library", "arrow_stream", "frame"]

EXTRAS = {"pandas": "pandas", "polars": "polars", "pyarrow": "arrow"}
"""The extra that installs a library of data frames."""

METHODS = {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}

Library = Literal["pandas", "polars", "pyarrow"]

INT64 = range(-(2**63), 2**63)


def frame(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    library: Library,
    what: str,
    types: Mapping[str, type] | None = None,
) -> Any:
    """Rows as a data frame of pandas, polars or pyarrow.

    Args:
        columns: the columns' names.
        rows: values for each column.
        library: ``pandas``, ``polars`` or ``pyarrow``.
        what: the class that is asked, for the message.
        types: the types of columns where no row has a value; texts by default.

    Raises:
        ImportError: the library is not installed; the message says how to install it.
    """
    import narwhals

    try:
        __import__(library)
    except ImportError:
        raise ImportError(
            f"{what}.{METHODS[library]}() needs {library}: {install_command(EXTRAS[library])}"
        ) from None
    names = _unique(columns)
    empty = types or {}
    typed = [
        _typed([row[place] for row in rows], empty.get(column, str))
        for place, column in enumerate(columns)
    ]
    values = {name: column for name, (_, column) in zip(names, typed, strict=True)}
    schema = narwhals.Schema({name: type_ for name, (type_, _) in zip(names, typed, strict=True)})
    if library == "pandas":
        return _pandas(values, schema)
    return narwhals.from_dict(values, schema=schema, backend=library).to_native()


def arrow_stream(table: Any, requested_schema: object | None) -> object:
    """The Arrow C stream of a pyarrow.Table."""
    return table.__arrow_c_stream__(requested_schema)


def _pandas(values: dict[str, list[Any]], schema: narwhals.Schema) -> Any:
    """A pandas.DataFrame, whose integers and booleans may be missing."""
    import pandas as pd

    backends: list[Any] = [
        "numpy_nullable" if None in values[name] and _must_be_there(type_) else None
        for name, type_ in schema.items()
    ]
    types = schema.to_pandas(dtype_backend=backends)
    return pd.DataFrame(
        {name: pd.Series(column, dtype=types[name]) for name, column in values.items()}
    )


def _must_be_there(type_: Any) -> bool:
    """Whether numpy's type has nothing that says that a value is missing."""
    import narwhals

    return isinstance(type_, (narwhals.Int64, narwhals.Boolean))


def _unique(columns: Sequence[str]) -> list[str]:
    """The columns' names, with a number where one is repeated, because no frame repeats them."""
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names or (name != column and name in columns):
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names


def _typed(values: list[Any], empty: type) -> tuple[Any, list[Any]]:
    """The type of a column, and its values as that type; `empty` is its type without values."""
    import narwhals

    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present} or {empty}
    for known, make, convert in _kinds(narwhals):
        if kinds <= known:
            if known == {int} and not all(value in INT64 for value in present):
                break
            return make(present), [None if each is None else convert(each) for each in values]
    return narwhals.String(), [None if each is None else _text(each) for each in values]


def _kinds(nw: Any) -> list[tuple[set[type], Callable[[list[Any]], Any], Callable[[Any], Any]]]:
    """Types of Python, the column's type for them, and how a value gets that type."""
    return [
        ({bool}, lambda _: nw.Boolean(), bool),
        ({int}, lambda _: nw.Int64(), int),
        ({int, float, decimal.Decimal}, lambda _: nw.Float64(), float),
        ({str}, lambda _: nw.String(), str),
        ({datetime.datetime}, _moments, _moment),
        ({datetime.date}, lambda _: nw.Date(), _same),
        ({datetime.timedelta}, lambda _: nw.Duration("us"), _same),
        ({bytes}, lambda _: nw.Binary(), _same),
    ]


def _moments(present: list[datetime.datetime]) -> Any:
    import narwhals

    is_aware = not present or any(moment.tzinfo is not None for moment in present)
    return narwhals.Datetime("us", "UTC" if is_aware else None)


def _moment(value: datetime.datetime) -> datetime.datetime:
    return value if value.tzinfo is None else value.astimezone(datetime.UTC)


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    """A value in a column of texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)
