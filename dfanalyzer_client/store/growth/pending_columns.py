"""Pending columns: columns that a set's table does not have yet, and where their values are.

MonetDB adds no column to a table while an open transaction has read it, so a long-lived reader
would block all writers. Values of such a column go into ``waiting_value``, one row each, and are
read from there until `apply_pending` can add the column and move them into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..layout import DataflowLayout, SetLayout
from ..schema import table
from ..sql import identifier, qualified

__all__ = ["fill_statements", "from_clause", "pending_condition", "pending_row"]


def from_clause(layout: DataflowLayout, known: SetLayout) -> str:
    """What to select a set's rows from: its table, joined with the values of pending columns."""
    stored = qualified(layout.tag, known.table)
    if not known.pending:
        return stored
    columns, joins = ['t."id"'], []
    for number, name in enumerate(known.columns):
        if name in known.pending:
            columns.append(f"w{number}.value AS {identifier(name)}")
            joins.append(
                f"LEFT JOIN ({_values(layout, known, name)}) AS w{number} "
                f'ON w{number}.element_id = t."id"'
            )
        else:
            columns.append(f"t.{identifier(name)}")
    columns += [f"t.{identifier(name)}" for name in known.extra_columns]
    return f"(SELECT {', '.join(columns)} FROM {stored} AS t {' '.join(joins)})"


def pending_condition(layout: DataflowLayout, known: SetLayout, column: str) -> str:
    """The condition for the rows of ``waiting_value`` that belong to a column."""
    return " AND ".join(
        f"{name} = {value}" for name, value in _key(layout, known, column).items() if value
    )


def pending_row(
    layout: DataflowLayout, known: SetLayout, column: str, element: int, value: Any
) -> dict[str, Any]:
    """The row of ``waiting_value`` for one value of a pending column."""
    is_text = known.type_of(column) == "TEXT"
    return _key(layout, known, column) | {
        "element_id": element,
        "number": None if is_text else float(value),
        "text": value if is_text else None,
    }


def fill_statements(layout: DataflowLayout, known: SetLayout, columns: Sequence[str]) -> list[str]:
    """Statements that move values from ``waiting_value`` into columns that were just added."""
    statements = [
        f"UPDATE {qualified(layout.tag, known.table)} SET {identifier(column)} = w.value "
        f'FROM ({_values(layout, known, column)}) AS w WHERE "id" = w.element_id'
        for column in columns
    ]
    return statements + [
        f"DELETE FROM {table('waiting_value')} WHERE {pending_condition(layout, known, column)}"
        for column in columns
    ]


def _values(layout: DataflowLayout, known: SetLayout, column: str) -> str:
    kind = known.type_of(column)
    value = {"DOUBLE": "number", "TEXT": "text"}.get(kind, f"CAST(number AS {kind})")
    return (
        f"SELECT element_id, {value} AS value FROM {table('waiting_value')} "
        f"WHERE {pending_condition(layout, known, column)}"
    )


def _key(layout: DataflowLayout, known: SetLayout, column: str) -> dict[str, int | None]:
    attribute = known.attributes.get(column)
    task = None if attribute else layout.transformations[column.removesuffix("_task_id")]
    return {
        "ds_id": known.id,
        "attribute_id": attribute.id if attribute else None,
        "dt_id": task,
    }
