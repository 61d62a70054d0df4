"""The newest epoch of executions, from the sets of all their dataflows in few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import RefusedError
from ..keras_schema import Role
from ..keras_schema import names as tags
from ..store.comparison.values import NO_METRICS
from ..store.connection import Connection
from ..store.driver_errors import lacks_rights
from ..store.exact_numbers import exact_value
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout, SetLayout
from ..store.reading import Catalogue
from ..store.sql import among, identifier

__all__ = [
    "SETS_AT_ONCE",
    "LastEpoch",
    "last_epochs",
    "metric_names",
    "union_rows",
    "writer_of",
]

SETS_AT_ONCE = 50
"""A statement that reads so many sets takes a third of the time of one for each."""

NO_NUMBER = "CAST(NULL AS DOUBLE)"

Row = tuple[Any, ...]


class LastEpoch(NamedTuple):
    """How many epochs of an execution a set has, and the metrics of the newest one."""

    execution: int
    epochs: int
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class EpochSet:
    """A set of epochs, and the executions of its dataflow whose epochs are asked for."""

    layout: DataflowLayout
    known: SetLayout
    executions: Collection[int]

    @property
    def metrics(self) -> list[str]:
        """Names of the attributes that are metrics."""
        return [
            name
            for name, attribute in self.known.attributes.items()
            if attribute.type == "NUMERIC" and name not in NO_METRICS
        ]

    @property
    def width(self) -> int:
        """How many columns a statement has for them: sets with as many are read together."""
        return 1 << (len(self.metrics) - 1).bit_length() if self.metrics else 0


def last_epochs(
    connection: Connection,
    catalogue: Catalogue,
    layouts: Iterable[DataflowLayout],
    executions: Mapping[str, Collection[int]],
) -> Iterator[LastEpoch]:
    """The newest epochs of executions, given by their dataflow's tag; of each set that has some.

    A dataflow whose rows the connection's user may not read has none.
    """
    sets = [
        EpochSet(layout, known, executions[layout.tag])
        for layout in layouts
        for known in layout.sets.values()
        if known.role == Role.EPOCHS and known.producers
    ]
    rows: dict[int, list[Row]] = {}
    for some in _by_width(sets):
        found = _read(connection, catalogue, [sets[place] for place in some])
        rows |= dict(zip(some, found, strict=True))
    exact = _exact_numbers(connection, catalogue, [(each, rows[n]) for n, each in enumerate(sets)])
    renamed = _renamed(connection, catalogue, [each for n, each in enumerate(sets) if rows[n]])
    for place, each in enumerate(sets):
        for execution, epochs, element, *values in rows[place]:
            if execution in each.executions:
                metrics = _metrics(each, element, values, exact)
                own = {name: renamed.get((execution, name), name) for name in metrics}
                yield LastEpoch(execution, epochs, {own[name]: metrics[name] for name in metrics})


def metric_names(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    output: SetLayout,
    wanted: Collection[int],
) -> dict[tuple[int, str], str]:
    """Metrics whose name differs from that of their attribute, by execution and attribute.

    A metric whose name is taken by another attribute is left out: its attribute's name is shown.
    """
    return _renamed(connection, catalogue, [EpochSet(layout, output, wanted)])


def _by_width(sets: Sequence[EpochSet]) -> Iterator[list[int]]:
    """The places of sets that one statement reads."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, each in enumerate(sets):
        places[each.width].append(place)
    for alike in places.values():
        for first in range(0, len(alike), SETS_AT_ONCE):
            yield alike[first : first + SETS_AT_ONCE]


def _read(
    connection: Connection, catalogue: Catalogue, sets: Sequence[EpochSet]
) -> list[list[Row]]:
    """For each set, rows of execution, number of epochs, id of the newest row, and its metrics."""
    parts = [_statement(catalogue, each, place) for place, each in enumerate(sets)]
    rows = union_rows(connection, parts)
    if len(sets) > 1 and any(isinstance(value, str) for row in rows for value in row):
        # a column of texts, as the predecessor has some, makes texts of the other sets' numbers
        rows = [row for part in parts for row in union_rows(connection, [part])]
    found: list[list[Row]] = [[] for _ in sets]
    for place, *row in rows:
        found[place].append(tuple(row))
    return found


def union_rows(connection: Connection, parts: Sequence[str]) -> list[Row]:
    """The rows of several statements, except those that the connection's user may not run."""
    if not parts:
        return []
    try:
        return connection.query(" UNION ALL ".join(parts))
    except RefusedError as error:
        if len(parts) == 1 and not lacks_rights(error):
            raise
        connection.rollback()  # MonetDB refuses everything else in this transaction
    return [row for part in parts for row in union_rows(connection, [part])] if parts[1:] else []


def _statement(catalogue: Catalogue, of: EpochSet, place: int) -> str:
    name = from_clause(of.layout, of.known)
    columns = [f"o.{identifier(metric)}" for metric in of.metrics]
    columns += [NO_NUMBER] * (of.width - len(columns))
    named = "".join(f", {column} AS m{number}" for number, column in enumerate(columns))
    return (
        f"SELECT {place} AS place, c.df_exec, c.epochs, o.id{named} FROM {name} o JOIN ("
        f"SELECT t.df_exec, count(*) AS epochs, max(s.id) AS newest FROM {name} s "
        f"JOIN {catalogue.table('task_begun')} t ON t.id = {writer_of(of.known)} "
        f"WHERE {among('t.df_exec', of.executions)} GROUP BY t.df_exec"
        ") AS c ON c.newest = o.id"
    )


def writer_of(known: SetLayout) -> str:
    """The id of the task that wrote the row ``s``."""
    writers = [f"s.{identifier(f'{tag}_task_id')}" for tag in known.producers]
    return writers[0] if len(writers) == 1 else f"COALESCE({', '.join(writers)})"


def _exact_numbers(
    connection: Connection, catalogue: Catalogue, found: Iterable[tuple[EpochSet, list[Row]]]
) -> dict[tuple[int, int], Any]:
    """Numbers that a DOUBLE cannot hold, by the ids of their attribute and their row."""
    attributes: set[int] = set()
    elements: set[int] = set()
    for each, rows in found:
        if rows:
            attributes.update(each.known.attributes[name].id for name in each.metrics)
            elements.update(element for _, _, element, *_ in rows)
    if not attributes:
        return {}
    return {
        (attribute, element): exact_value(text)
        for attribute, element, text in connection.query(
            "SELECT attribute_id, element_id, value "
            f"FROM {catalogue.table('exact_number')} AS x WHERE "
            f"{among('attribute_id', attributes)} AND {among('element_id', elements)}"
        )
    }


def _metrics(
    of: EpochSet, element: int, values: Sequence[Any], exact: Mapping[tuple[int, int], Any]
) -> dict[str, float | None]:
    """The metrics of a row that have a value."""
    found = {
        name: exact.get((of.known.attributes[name].id, element), value)
        for name, value in zip(of.metrics, values, strict=False)
    }
    return {name: value for name, value in found.items() if value is not None}


def _renamed(
    connection: Connection, catalogue: Catalogue, sets: Iterable[EpochSet]
) -> dict[tuple[int, str], str]:
    """`metric_names`, of several sets."""
    writer = tags.TRAINING.lower()
    taken: dict[int, Collection[str]] = {}
    parts = []
    for each in sets:
        known = each.layout.sets.get(tags.METRIC_NAMES.lower())
        is_ours = each.known.tag == tags.TRAINING_OUTPUT.lower()
        if known is not None and is_ours and writer in known.producers:
            taken |= dict.fromkeys(each.executions, each.known.attributes)
            parts.append(
                "SELECT n.id, t.df_exec, n.attribute, n.metric "
                f"FROM {from_clause(each.layout, known)} n "
                f"JOIN {catalogue.table('task_begun')} t "
                f"ON t.id = n.{identifier(f'{writer}_task_id')} "
                f"WHERE n.of_set = '{tags.TRAINING_OUTPUT}' "
                f"AND {among('t.df_exec', each.executions)}"
            )
    rows: list[Row] = []
    for first in range(0, len(parts), SETS_AT_ONCE):
        rows += union_rows(connection, parts[first : first + SETS_AT_ONCE])
    rows.sort(key=lambda row: row[0])
    return {
        (execution, name): metric
        for _, execution, name, metric in rows
        if execution in taken and metric not in taken[execution]
    }
