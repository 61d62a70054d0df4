"""Read a catalogue, ours or the predecessor's, without changing it."""

from __future__ import annotations

from collections.abc import Collection

from ..declarations.dataflow import Declaration
from ..declarations.messages import DataflowMessage
from ..declarations.sets import DeclaredSet
from .connection import Connection
from .inspection import tables_of
from .layout import DataflowLayout, SetLayout
from .layout_queries import load_layouts
from .origins.origin import Origin, origin_of
from .origins.predecessor_tables import PredecessorTables
from .schema import PUBLIC, table

__all__ = ["Catalogue", "declaration_of"]


class Catalogue:
    """The catalogue of a database, for reading; raises RefusedError if it is another program's.

    Attributes:
        exists: whether there is one.
        is_predecessors: whether the predecessor created it and nobody has upgraded it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables = tables = tables_of(connection, PUBLIC)
        origin = origin_of(tables)
        self.exists = origin is not Origin.NONE
        self.is_predecessors = origin is Origin.PREDECESSORS
        self._predecessors = PredecessorTables(tables) if self.is_predecessors else None

    def table(self, name: str) -> str:
        """A table of the catalogue, or the subquery that replaces it."""
        return table(name) if self._predecessors is None else self._predecessors.of(name)

    def columns(self, name: str) -> list[str]:
        """The columns of a table of the catalogue; none if it does not exist."""
        found = self._tables.get(name)
        return [] if found is None else list(found.columns)

    def dataflows(self) -> list[tuple[int, str]]:
        """Ids and tags of all dataflows, oldest first."""
        if not self.exists:
            return []
        rows = self._connection.query(f"SELECT id, tag FROM {table('dataflow')} ORDER BY id")
        return [(id_, tag) for id_, tag in rows]

    def dataflows_with(self, set_tag: str) -> list[str]:
        """Tags of the dataflows that have this set, newest first."""
        if not self.exists:
            return []
        rows = self._connection.query(
            f"SELECT d.tag FROM {table('dataflow')} d JOIN {self.table('data_set')} s "
            "ON s.df_id = d.id WHERE s.tag = %s ORDER BY d.id DESC",
            [set_tag],
        )
        return [tag for (tag,) in rows]

    def newest_execution(self, tag: str) -> str | None:
        """The tag of a dataflow's newest execution; None if it has none."""
        if not self.exists:
            return None
        found = self._connection.query(
            f"SELECT e.tag FROM {self.table('dataflow_execution')} e JOIN {table('dataflow')} d "
            "ON d.id = e.df_id WHERE d.tag = %s ORDER BY e.id DESC LIMIT 1",
            [tag],
        )
        return found[0][0] if found else None

    def layout(self, tag: str) -> DataflowLayout | None:
        """A dataflow, without sets that have no table and attributes that have no column."""
        found = self.layouts([tag])
        return found[0] if found else None

    def layouts(
        self, tags: Collection[str], sets: Collection[str] | None = None
    ) -> list[DataflowLayout]:
        """Several dataflows, oldest first, in a fixed number of queries.

        Args:
            tags: the dataflows'.
            sets: tags of the sets to read; None: all. Only their attributes and tasks are read.
        """
        found = load_layouts(self._connection, self.table, tags, sets) if self.exists else []
        for layout in found:
            layout.sets = {name: known for name, known in layout.sets.items() if known.stored}
            if "waiting_value" not in self._tables:  # else the tables are ours
                for known in layout.sets.values():
                    _leave_out_missing(known)
        return found


def _leave_out_missing(known: SetLayout) -> None:
    """Leave out what the table of a set has no column for."""
    columns = set(known.stored)
    known.pending = set()
    known.attributes = {n: a for n, a in known.attributes.items() if n in columns}
    known.producers = [n for n in known.producers if f"{n}_task_id" in columns]
    known.consumers = [n for n in known.consumers if f"{n}_task_id" in columns]


def declaration_of(layout: DataflowLayout) -> DataflowMessage:
    """The message that declares a stored dataflow."""
    declaration = Declaration(layout.tag)
    declaration.transformations = {tag: set() for tag in layout.transformations}
    for tag, known in layout.sets.items():
        declaration.sets[tag] = _declared_set(known)
        for transformation in (*known.producers, *known.consumers):
            declaration.transformations[transformation].add(tag)
    used = {(tag, (name or "", path or "")) for tag, (name, path) in layout.used}
    for transformation, program in sorted(used):
        declaration.programs.setdefault(transformation, []).append(program)
    return declaration.specification()


def _declared_set(known: SetLayout) -> DeclaredSet:
    return DeclaredSet(
        known.tag,
        {name: attribute.type for name, attribute in known.attributes.items()},
        list(known.producers),
        list(known.consumers),
        {tag: (each.cartridge, each.extension) for tag, each in known.extractors.items()},
        sorted(known.combinations),
        {
            name: attribute.extractor
            for name, attribute in known.attributes.items()
            if attribute.extractor is not None
        },
    )
