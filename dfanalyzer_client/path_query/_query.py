"""Run a path query and return its rows with exact numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analysis.table import Table
from ..config import settings
from ..config.store_url import StoreURL
from ..errors import DefinitionError, UnknownTagError
from ..store import Connection, reader_connection
from ..store.exact_numbers import Place, restore_exact
from ..store.layout import DataflowLayout
from ..store.reading import Catalogue
from ._path import fragment
from ._select import Attributes, select
from ._statement import statement_text

if TYPE_CHECKING:
    from ..dataflow import Dataflow

__all__ = ["MAPPINGS", "QueryResult", "query", "query_with"]

MAPPINGS = ("PHYSICAL", "LOGICAL", "HYBRID")


class QueryResult(Table):
    """Rows of a path query.

    Attributes:
        columns: names of the values, as ``set.attribute``.
        rows: in the order in which they were stored.
        sets: the sets that were joined, in order.
        transformations: the transformations on the path between them.
        statement: the SQL that gave the rows, without a limit, to be run by hand.
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        sets: Sequence[str] = (),
        transformations: Sequence[str] = (),
        statement: str = "",
    ) -> None:
        super().__init__(columns, rows)
        self.statement = statement
        self.sets, self.transformations = list(sets), list(transformations)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)


def query(
    dataflow: str | Dataflow,
    source: str | Sequence[str],
    target: str | Sequence[str],
    projection: Sequence[str] = (),
    selection: str = "",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    *,
    mapping: str = "PHYSICAL",
    limit: int | None = None,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> QueryResult:
    """Rows of `source` sets joined with the rows of `target` sets that were derived from them.

    This finds the shortest path of transformations between them, and joins the sets on it along
    the ids of the tasks that read the one and wrote the other.

    Args:
        dataflow: its tag, or the Dataflow.
        source: tags of the sets where paths begin.
        target: tags of the sets where paths end.
        projection: the values to return, as ``set.attribute``, or the attribute alone if only one
            set on the path has it; empty: all of the source and target sets.
        selection: a condition over attributes, as ``otrainingmodel.loss < 0.1 AND momentum > 0``.
        include: tags of sets that paths must pass.
        exclude: tags of sets that paths must not pass.
        mapping: PHYSICAL joins along tasks; LOGICAL joins rows that have the same values of
            attributes with the same name; HYBRID does both.
        limit: the maximum number of rows.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        UnknownTagError: a dataflow, set or attribute does not exist, or there is no path.
        SelectionError: `selection` is not a condition over attributes.
        DefinitionError: `mapping` or `limit` is invalid.
        StoreError: the database cannot be queried.
    """
    with reader_connection(settings.store_url(store), home or settings.home()) as connection:
        return query_with(
            connection,
            dataflow if isinstance(dataflow, str) else dataflow.get_specification()["tag"],
            source=_listed(source),
            target=_listed(target),
            projection=_listed(projection),
            selection=selection,
            include=_listed(include),
            exclude=_listed(exclude),
            mapping=mapping,
            limit=limit,
        )


def query_with(
    connection: Connection,
    dataflow: str,
    *,
    source: Sequence[str],
    target: Sequence[str],
    projection: Sequence[str] = (),
    selection: str = "",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    mapping: str = "PHYSICAL",
    limit: int | None = None,
    offset: int = 0,
) -> QueryResult:
    """`query` over an open connection; `offset` rows are passed over."""
    if limit is not None and limit < 0:
        raise DefinitionError(f"A query's limit must be 0 or more. Received: {limit}.")
    with connection.transaction():
        catalogue = Catalogue(connection)
        layout = catalogue.layout(dataflow.lower())
        if layout is None:
            raise UnknownTagError(f"There is no dataflow {dataflow!r}.")
        sets, steps = fragment(layout, source, target, include, exclude)
        attributes = Attributes(layout, sets)
        wanted = attributes.projected(projection, [*source, *target])
        text, parameters = select(
            layout,
            sets,
            steps,
            wanted,
            attributes,
            selection,
            _checked_mapping(mapping),
            catalogue.table("task_dependency"),
        )
        statement = statement_text(text, parameters)
        if limit is not None:
            # MonetDB 11.41 refuses LIMIT 0
            text, parameters = f"{text} LIMIT %s", [*parameters, max(1, limit)]
        if offset:
            text, parameters = f"{text} OFFSET %s", [*parameters, offset]
        if not parameters:  # nothing is bound, so a `%` must not be doubled
            text = text.replace("%%", "%")
        rows = connection.query(text, parameters)[:limit]
        rows = _restored(connection, catalogue, layout, wanted, rows)
    return QueryResult(
        [f"{tag}.{name}" for tag, name in wanted],
        rows,
        sets,
        list(dict.fromkeys(step.transformation for step in steps)),
        statement,
    )


def _restored(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    wanted: list[tuple[str, str]],
    rows: list[tuple[Any, ...]],
) -> list[tuple[Any, ...]]:
    """`rows` without their leading ids, and with exact numbers."""
    tags = list(dict.fromkeys(tag for tag, _ in wanted))
    places = {}
    for position, (tag, name) in enumerate(wanted, len(tags)):
        attribute = layout.sets[tag].attributes[name]
        if attribute.type == "NUMERIC":
            places[attribute.id] = Place(tags.index(tag), position)
    return [
        row[len(tags) :]
        for row in restore_exact(connection, catalogue.table("exact_number"), rows, places)
    ]


def _checked_mapping(mapping: str) -> str:
    if mapping.upper() not in MAPPINGS:
        raise DefinitionError(
            f"A query's mapping must be one of {', '.join(MAPPINGS)}. Received: {mapping!r}."
        )
    return mapping.upper()


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
