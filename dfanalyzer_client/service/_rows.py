"""The rows of a task's message, with the names of their values: pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from ..declarations import messages
from ..declarations.dataflow import Declaration
from ..declarations.sets import DeclaredSet
from ..errors import ElementError
from ._messages import SEPARATOR, DataSetMessage, Scalar, TaskMessage
from ._orders import Order

__all__ = ["named_sets"]

MISSING = ("", "null")


def named_sets(
    said: TaskMessage, declaration: Declaration, orders: Sequence[Order]
) -> list[messages.DataSetMessage]:
    """The sets of a message, each with the attributes that its values are.

    Args:
        said: the message.
        declaration: its dataflow.
        orders: that it may keep to, the likeliest first: the first that its values fit.
    """
    found: list[messages.DataSetMessage] = []
    for data in said.sets:
        known = declaration.sets.get(data.tag, DeclaredSet(data.tag))
        wanted: Iterable[tuple[str, ...]] = [tuple(data.attributes or ())]
        if data.attributes is None:
            wanted = itertools.chain.from_iterable(
                order.names(said.transformation, data.tag) for order in orders
            )
        candidates = list(dict.fromkeys(wanted)) or [tuple(known.attributes)]
        readings = [_reading(data, known, names) for names in candidates]
        fitting = (each for each in readings if len(readings) == 1 or _fits(known, each))
        found.append(next(fitting, readings[0]))
    return found


def _reading(
    data: DataSetMessage, known: DeclaredSet, names: Sequence[str]
) -> messages.DataSetMessage:
    numeric = [known.attributes.get(name) == "NUMERIC" for name in names]
    rows = [_values(element, numeric) for element in data.elements]
    return {"tag": data.tag, "attributes": list(names), "elements": rows}


def _values(element: list[Scalar] | str, numeric: Sequence[bool]) -> list[Scalar]:
    """An element's values; a text that stands for more than one is split."""
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
