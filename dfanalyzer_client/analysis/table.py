"""What a question gives: rows with named columns, for people, notebooks and data frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, overload

from .display import as_text
from .frames import Library, arrow_stream, frame
from .html import table_html

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["Table"]


class Table:
    """Rows with named columns: iterate over them, look at them, or turn them into a data frame.

    Attributes:
        columns: the columns' names.
        rows: tuples with a value for each column.
    """

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self.columns = list(columns)
        self.rows: list[tuple[Any, ...]] = [tuple(row) for row in rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> Table: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Table(self.columns, self.rows[index])
        return self.rows[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # its rows can be changed

    def column(self, name: str) -> list[Any]:
        """The values of a column; raises KeyError if there is none of that name."""
        if name not in self.columns:
            raise KeyError(f"No column {name!r}. Expected one of: {', '.join(self.columns)}.")
        position = self.columns.index(name)
        return [row[position] for row in self.rows]

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, by the columns' names."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas.DataFrame; raises ImportError if pandas is not installed."""
        frame: pandas.DataFrame = self._frame("pandas")
        return frame

    def to_polars(self) -> polars.DataFrame:
        """The rows as a polars.DataFrame; raises ImportError if polars is not installed."""
        found: polars.DataFrame = self._frame("polars")
        return found

    def to_arrow(self) -> pyarrow.Table:
        """The rows as a pyarrow.Table; raises ImportError if pyarrow is not installed."""
        return self._frame("pyarrow")

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return arrow_stream(self.to_arrow(), requested_schema)

    def __repr__(self) -> str:
        return as_text(self.columns, self.rows)

    def _repr_html_(self) -> str:
        return table_html(self.columns, self.rows)

    def _frame(self, library: Library) -> Any:
        return frame(self.columns, self.rows, library, type(self).__name__, self._empty_types())

    def _empty_types(self) -> Mapping[str, type]:
        """The types of columns in a data frame where no row has a value; others are texts."""
        return {}

    def _changed(self, rows: Sequence[Sequence[Any]]) -> Self:
        """A copy with other rows."""
        copy = object.__new__(type(self))
        vars(copy).update(vars(self))
        copy.rows = [tuple(row) for row in rows]
        return copy
