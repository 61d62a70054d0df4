"""Read a catalogue, ours or the predecessor's, without changing it."""

from __future__ import annotations

from collections.abc import Mapping

from ..declarations.dataflow import Declaration
from ..declarations.messages import DataflowMessage
from ..declarations.sets import DeclaredSet
from ..errors import RefusedError
from .connection import Connection
from .inspection import TableFound, column_kind, tables_of
from .layout import DataflowLayout, SetLayout
from .layout_queries import load_layout
from .schema import PUBLIC, table

__all__ = ["Catalogue", "declaration_of", "execution_key"]

PREDECESSORS = {
    "task_begun": (
        "(SELECT t.id, t.identifier, t.df_version, e.id AS df_exec, t.dt_id, t.status, "
        "t.workspace, t.computing_resource, t.output_msg, t.error_msg, "
        'CAST(NULL AS TIMESTAMP) AS began FROM "public"."task" t '
        "LEFT JOIN (SELECT {0} AS named, min(id) AS id "
        'FROM "public"."dataflow_execution" GROUP BY {0}) e ON e.named = t.df_exec)'
    ),
    "task_ended": (
        "(SELECT id AS task_id, status, output_msg, error_msg, CAST(NULL AS TIMESTAMP) AS ended "
        'FROM "public"."task" WHERE status = \'FINISHED\')'
    ),
    "task_dependency": (
        "(SELECT id AS task_id, id AS dt_id, id AS previous_task_id "
        'FROM "public"."task" WHERE FALSE)'
    ),
    "exact_number": (
        "(SELECT id AS attribute_id, id AS element_id, output_msg AS value "
        'FROM "public"."task" WHERE FALSE)'
    ),
}
"""Subqueries that replace our tables in the predecessor's catalogue, which lacks them."""


class Catalogue:
    """The catalogue of a database, for reading.

    Attributes:
        exists: whether there is one.
        is_predecessors: whether the predecessor created it and nobody has upgraded it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tables = tables = tables_of(connection, PUBLIC)
        self.exists = "dataflow" in tables
        self.is_predecessors = self.exists and "catalogue_version" not in tables
        self._key = execution_key(tables) if self.is_predecessors else ""

    def table(self, name: str) -> str:
        """A table of the catalogue, or the subquery that replaces it."""
        if self.is_predecessors and name in PREDECESSORS:
            return PREDECESSORS[name].format(self._key)
        return table(name)

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

    def newest_execution(self, tag: str) -> str | None:
        """The tag of a dataflow's newest execution; None if it has none."""
        if not self.exists:
            return None
        found = self._connection.query(
            f"SELECT e.tag FROM {table('dataflow_execution')} e JOIN {table('dataflow')} d "
            "ON d.id = e.df_id WHERE d.tag = %s ORDER BY e.id DESC LIMIT 1",
            [tag],
        )
        return found[0][0] if found else None

    def layout(self, tag: str) -> DataflowLayout | None:
        """A dataflow, without sets that have no table and attributes that have no column."""
        layout = load_layout(self._connection, tag) if self.exists else None
        if layout is not None:
            tables = tables_of(self._connection, tag)
            layout.sets = {
                name: known for name, known in layout.sets.items() if known.table in tables
            }
            for known in layout.sets.values():
                columns = tables[known.table].columns
                if "waiting_value" in self._tables:  # otherwise the tables are not ours
                    continue
                known.pending = set()
                known.attributes = {n: a for n, a in known.attributes.items() if n in columns}
                known.producers = [n for n in known.producers if f"{n}_task_id" in columns]
                known.consumers = [n for n in known.consumers if f"{n}_task_id" in columns]
        return layout


def execution_key(tables: Mapping[str, TableFound]) -> str:
    """How the predecessor's tasks refer to their execution: by its `tag`, or by its `id`.

    Raises:
        RefusedError: they do not: the catalogue is older than DfAnalyzer's executions.
    """
    task = tables.get("task")
    if task is None or "df_exec" not in task.columns or "dataflow_execution" not in tables:
        raise RefusedError(
            "DfAnalyzer created this catalogue before it knew executions: its tasks name none, so "
            "it cannot be read or upgraded. Its tables can be queried in SQL."
        )
    return "tag" if column_kind(task.columns["df_exec"].type) == "TEXT" else "id"


def declaration_of(layout: DataflowLayout) -> DataflowMessage:
    """The message that declares a stored dataflow."""
    declaration = Declaration(layout.tag)
    declaration.transformations = {tag: set() for tag in layout.transformations}
    for tag, known in layout.sets.items():
        declaration.sets[tag] = _declared_set(known)
        for transformation in (*known.producers, *known.consumers):
            declaration.transformations[transformation].add(tag)
    for transformation, program in sorted(layout.used):
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
