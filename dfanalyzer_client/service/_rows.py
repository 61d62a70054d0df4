"""Name the values in the rows of a task's message: pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from ..declarations import messages
from ..declarations.dataflow import Declaration
from ..declarations.raw_data import layouts
from ..declarations.sets import DeclaredSet
from ..errors import ElementError
from ._orders import Order
from .messages.fields import SEPARATOR, Scalar
from .messages.task import DataSetMessage, TaskMessage

__all__ = ["named_sets"]

MISSING = ("", "null")


def named_sets(
    task: TaskMessage, declaration: Declaration, orders: Sequence[Order]
) -> list[messages.DataSetMessage]:
    """The sets of a task's message, with the attributes that their values belong to.

    Args:
        task: the message.
        declaration: of its dataflow.
        orders: the orders that the task may follow, the likeliest first; the first that fits the
            values is taken.
    """
    found: list[messages.DataSetMessage] = []
    for data in task.sets:
        known = declaration.sets.get(data.tag, DeclaredSet(data.tag))
        wanted: Iterable[tuple[str, ...]] = [tuple(data.attributes or ())]
        if data.attributes is None:
            wanted = itertools.chain.from_iterable(
                order.names(task.transformation, data.tag) for order in orders
            )
        candidates = list(dict.fromkeys(wanted)) or [tuple(known.attributes)]
        if known.extractors and data.attributes is None:
            candidates = _layouts(known, data, candidates)
        readings = [_reading(data, known, names) for names in candidates]
        fitting = (rows for rows in readings if len(readings) == 1 or _fits(known, rows))
        found.append(next(fitting, readings[0]))
    return found


def _layouts(
    known: DeclaredSet, data: DataSetMessage, orders: Sequence[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """The names of values, or of extractors for paths, that are as many as an element has."""
    found = list(dict.fromkeys(each for order in orders for each in layouts(known, order)))
    counts = [_count(element) for element in data.elements[:1]]
    return [names for names in found if len(names) in counts] or list(orders)


def _count(element: list[Scalar] | str) -> int:
    """How many values an element has; a single text may be several."""
    values = [element] if isinstance(element, str) else element
    if len(values) == 1 and isinstance(values[0], str):
        return values[0].count(SEPARATOR) + 1
    return len(values)


def _reading(
    data: DataSetMessage, known: DeclaredSet, names: Sequence[str]
) -> messages.DataSetMessage:
    numeric = [known.attributes.get(name) == "NUMERIC" for name in names]
    rows = [_values(element, numeric) for element in data.elements]
    return {"tag": data.tag, "attributes": list(names), "elements": rows}


def _values(element: list[Scalar] | str, numeric: Sequence[bool]) -> list[Scalar]:
    """An element's values; a single text for several attributes is split."""
    values: list[Scalar] = [element] if isinstance(element, str) else element
    if len(values) == 1 and len(numeric) > 1 and isinstance(values[0], str):
        values = list(values[0].split(SEPARATOR))
    if len(values) != len(numeric):
        return values
    return [
        None if is_number and isinstance(value, str) and value.strip() in MISSING else value
        for value, is_number in zip(values, numeric, strict=True)
    ]


def _fits(known: DeclaredSet, reading: messages.DataSetMessage) -> bool:
    columns = {name: known.attributes.get(name, "TEXT") for name in reading["attributes"]}
    try:
        for index, row in enumerate(reading["elements"]):
            known.row(row, columns, index)
    except ElementError:
        return False
    return True
