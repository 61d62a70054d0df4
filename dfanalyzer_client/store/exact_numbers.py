"""Restore numbers that a DOUBLE cannot hold exactly, from the table ``exact_number``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .connection import Connection
from .layout import AttributeLayout
from .sql import placeholders

__all__ = ["Place", "exact_rows", "exact_value", "restore_exact"]


class Place(NamedTuple):
    """The positions in a row of an element's id and of a value of that element."""

    id: int
    value: int


def exact_rows(
    connection: Connection,
    exact_number: str,
    attributes: Mapping[str, AttributeLayout],
    rows: Sequence[tuple[Any, ...]],
    first: int,
) -> list[tuple[Any, ...]]:
    """`restore_exact` for rows of one set, which begin with the row's id.

    Args:
        connection: to query.
        exact_number: the table of such numbers.
        attributes: all attributes of the set, in order.
        rows: rows of the set.
        first: position of the first attribute's value.
    """
    places = {
        attribute.id: Place(0, position)
        for position, attribute in enumerate(attributes.values(), first)
        if attribute.type == "NUMERIC"
    }
    return restore_exact(connection, exact_number, rows, places)


def restore_exact(
    connection: Connection,
    exact_number: str,
    rows: Sequence[tuple[Any, ...]],
    places: Mapping[int, Place],
) -> list[tuple[Any, ...]]:
    """`rows` with the exact numbers that their columns could not hold.

    Args:
        connection: to query.
        exact_number: the table of such numbers.
        rows: rows that include the ids of their elements.
        places: where the values of the NUMERIC attributes are, by the attribute's id.
    """
    values = [list(row) for row in rows]
    by_id: dict[int, list[int]] = defaultdict(list)
    for attribute, place in places.items():
        by_id[place.id].append(attribute)
    for position, attributes in by_id.items():
        of: dict[int, list[list[Any]]] = defaultdict(list)
        for row in values:
            of[row[position]].append(row)
        for element, attribute, text in _found(
            connection, exact_number, rows, position, attributes
        ):
            for row in of[element]:
                row[places[attribute].value] = exact_value(text)
    return [tuple(row) for row in values]


def _found(
    connection: Connection,
    exact_number: str,
    rows: Sequence[tuple[Any, ...]],
    position: int,
    attributes: list[int],
) -> list[tuple[Any, ...]]:
    ids = [row[position] for row in rows]
    if not ids:
        return []
    return connection.query(
        f"SELECT element_id, attribute_id, value FROM {exact_number} x "
        f"WHERE attribute_id IN ({placeholders(len(attributes))}) AND element_id BETWEEN %s AND %s",
        [*attributes, min(ids), max(ids)],
    )


def exact_value(text: str) -> float | int | str:
    """The number that a text spells, or the text itself if it spells none."""
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:  # also if it has more digits than Python accepts
        return text
