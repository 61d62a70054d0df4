"""Insert the rows of a batch, within the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ..bulk import insert_rows
from ..catalogue_rows import fresh_ids
from ..comparison.metric_summaries import summarize
from ..connection import Connection
from ..growth.pending_columns import pending_row
from ..layout import DataflowLayout, SetLayout
from ..layout_queries import compare_columns
from ..rows import ElementRow
from ..schema import table
from ..sql import qualified
from .batch import Batch
from .reuse import copy_rows
from .steering import number_requests

__all__ = ["insert_batch"]


def insert_batch(connection: Connection, batch: Batch) -> None:
    """Insert all rows of a batch; those of ``performance`` and ``file`` get their ids here."""
    for name in ("performance", "file"):
        rows = batch.catalogue[name]
        ids = fresh_ids(connection, table(f"{name}_id_seq"), len(rows))
        for row, id_ in zip(rows, ids, strict=True):
            row["id"] = id_
    number_requests(connection, batch.catalogue["steering_request"])
    for name, rows in batch.catalogue.items():
        _insert_dicts(connection, table(name), rows)
    for layout in batch.layouts.values():
        if any(known.pending for known in layout.sets.values()):
            compare_columns(connection, layout)  # as they are in this transaction
    for (schema, tag), elements in batch.elements.items():
        layout = batch.layouts[schema]
        _insert_elements(connection, layout, layout.sets[tag], elements)
    copy_rows(connection, batch.reuses, _insert_elements)
    ended = {row["task_id"] for row in batch.catalogue["task_ended"]}
    late = batch.measured_late - ended
    summarize(connection, ended | late, again=late)


def _insert_elements(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    elements: Sequence[ElementRow],
) -> None:
    ids = fresh_ids(connection, qualified(layout.tag, known.sequence), len(elements))
    rows = [{"id": id_, **element.values} for id_, element in zip(ids, elements, strict=True)]
    if known.pending:
        rows = _insert_pending(connection, layout, known, rows)
    _insert_dicts(connection, qualified(layout.tag, known.table), rows)
    exact = [
        {"attribute_id": attribute, "element_id": id_, "value": text}
        for id_, element in zip(ids, elements, strict=True)
        for attribute, text in element.exact
    ]
    _insert_dicts(connection, table("exact_number"), exact)


def _insert_pending(
    connection: Connection, layout: DataflowLayout, known: SetLayout, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Insert the values of pending columns into ``waiting_value``; returns `rows` without them."""
    pending = [
        pending_row(layout, known, name, row["id"], row[name])
        for row in rows
        for name in row.keys() & known.pending
        if row[name] is not None
    ]
    _insert_dicts(connection, table("waiting_value"), pending)
    return [
        {name: value for name, value in row.items() if name not in known.pending} for row in rows
    ]


def _insert_dicts(connection: Connection, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that may have different columns; those with the same columns stay in order."""
    by_columns: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
    for row in rows:
        by_columns[tuple(row)].append(list(row.values()))
    for columns, values in by_columns.items():
        insert_rows(connection, name, columns, values)
