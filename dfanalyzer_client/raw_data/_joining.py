"""Join the rows of two extractors by keys: every outer row is kept, with the inner ones it fits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..declarations.raw_data import Source
from ..declarations.sets import Combination
from ..errors import RawDataError

__all__ = ["joined_rows"]

Rows = Iterable[dict[str, Any]]
Key = tuple[Any, ...]


def joined_rows(
    combination: Combination, sources: Sequence[Source], rows: Sequence[Rows], limit: int
) -> Iterator[dict[str, Any]]:
    """The rows of two extractors, joined. A missing key fits nothing, as in SQL.

    Args:
        combination: says which extractor is the outer one, and has the keys.
        sources: the two extractors.
        rows: the rows of each, in the order of `sources`.
        limit: how many inner rows there may be.

    Raises:
        RawDataError: a key is not a column of both, another column is, or there are too many rows.
    """
    keys = [key.lower() for key in combination.keys]
    outer, inner = rows if sources[0].tag == combination.outer else reversed(rows)
    found: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for number, row in enumerate(inner, 1):
        if number > limit:
            raise RawDataError(
                f"Extractor {combination.inner!r} has more than {limit} rows, too many to be kept "
                f"in memory: make it the outer one of the combination, instead of "
                f"{combination.outer!r}."
            )
        found[_key(row, keys, combination.inner)].append(row)
    for row in outer:
        key = _key(row, keys, combination.outer)
        matches = [] if None in key else found.get(key, [])
        for match in matches or [{}]:
            _check_columns(row, match, keys, combination)
            yield {**match, **row}


def _key(row: dict[str, Any], keys: Sequence[str], tag: str) -> Key:
    for key in keys:
        if key not in row:
            raise RawDataError(
                f"Extractor {tag!r} reads no column {key!r}, by which its rows are to be joined. "
                f"It reads {', '.join(row)}."
            )
    return tuple(row[key] for key in keys)


def _check_columns(
    outer: dict[str, Any], inner: dict[str, Any], keys: Sequence[str], combination: Combination
) -> None:
    both = (outer.keys() & inner.keys()).difference(keys)
    if both:
        raise RawDataError(
            f"Extractors {combination.outer!r} and {combination.inner!r} both read a column "
            f"{min(both)!r}: make it a key, or name the extractor of that attribute."
        )
