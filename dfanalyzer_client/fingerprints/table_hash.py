"""Hashes of pandas' tables, and of their columns: of names and values, not of the index."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .content_hash import ContentHash, array_hash, objects_hash, parts_hash

__all__ = ["column_hash", "table_hash"]


def table_hash(table: Any) -> ContentHash | None:
    """The hash of a data frame; None if a column has objects whose content cannot be read."""
    columns = [table.iloc[:, i] for i in range(table.shape[1])]
    return parts_hash(
        {f"{i}/{column.name!r}": partial(column_hash, column) for i, column in enumerate(columns)}
    )


def column_hash(column: Any, share: int = 1) -> ContentHash | None:
    """The hash of a series; `share` is how many columns share the time limit."""
    if isinstance(column.dtype, np.dtype):
        return array_hash(column.to_numpy(), share)
    return objects_hash(
        str(column.dtype),
        column.shape,
        lambda start, stop: column.iloc[start:stop].to_numpy(dtype=object),
        share,
    )
