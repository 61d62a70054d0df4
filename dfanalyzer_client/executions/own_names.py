"""Metrics' own names, where the database has them under others.

A metric is stored under its name in lower case. If that is taken, as ``loss`` is for a metric
``Loss``, or impossible, it gets another name. ``oMetricNames`` has both where they differ, if only
in case. Metrics of tests begin with ``otest_`` here, as in the view ``metrics``.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from ..errors import RefusedError
from ..keras_schema import names as tags
from ..store.connection import Connection
from ..store.driver_errors import lacks_rights
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout
from ..store.reading import Catalogue
from ..store.sql import among, identifier

__all__ = ["OwnNames"]

OURS = ", ".join(
    f"'{name.lower()}'"
    for name in (tags.EPOCH_ENDED, tags.ELAPSED_TIME, tags.EPOCH_ID, tags.TESTED)
)
"""Attributes that no answer shows as metrics, so that a metric of Keras may be called so."""


class OwnNames:
    """The metrics of all dataflows that are stored under other names; read when they are asked for.

    A dataflow whose rows the connection's user may not read has none.
    """

    def __init__(self, connection: Connection, catalogue: Catalogue) -> None:
        self._connection, self._catalogue = connection, catalogue

    @cached_property
    def pairs(self) -> set[tuple[str, str]]:
        """Own and stored names of metrics that are stored under other names in some run."""
        return {pair for _, _, pairs in self._readable for pair in pairs}

    @cached_property
    def by_dataflow(self) -> dict[str, dict[str, str]]:
        """By dataflow, the own names by stored names."""
        return {
            tag: {stored: own for own, stored in pairs} for tag, _, pairs in self._readable if pairs
        }

    @cached_property
    def source(self) -> str | None:
        """A query for ``df_exec``, ``stored`` and ``own``; None if all metrics have their names."""
        return " UNION ALL ".join(query for _, query, pairs in self._readable if pairs) or None

    def stored(self, own: str) -> list[str]:
        """The names under which runs store the metric of this name, if they are others."""
        return sorted(stored for name, stored in self.pairs if name == own)

    def of(self, executions: Collection[int]) -> dict[tuple[int, str], str]:
        """The own names of executions' metrics, by execution and stored name, if they differ."""
        if self.source is None or not executions:
            return {}
        rows = self._connection.query(
            f"SELECT r.df_exec, r.stored, r.own FROM ({self.source}) AS r "
            f"WHERE {among('r.df_exec', executions)}"
        )
        return {(execution, stored): own for execution, stored, own in rows}

    @cached_property
    def _readable(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """For each dataflow that may be read, its tag, the query and the pairs that it finds."""
        known = tags.METRIC_NAMES.lower()
        flows = self._catalogue.dataflows_with(known)
        layouts = self._catalogue.layouts(flows) if flows else []
        found = []
        for layout in layouts:
            query = self._query(layout, known)
            if query is None:
                continue
            try:
                rows = self._connection.query(f"SELECT DISTINCT own, stored FROM ({query}) AS r")
            except RefusedError as error:
                if not lacks_rights(error):
                    raise
                self._connection.rollback()  # MonetDB refuses everything else in this transaction
                continue
            found.append((layout.tag, query, [(own, stored) for own, stored in rows]))
        return found

    def _query(self, layout: DataflowLayout, set_tag: str) -> str | None:
        """The names of one dataflow; a name that is also another metric's attribute remains its."""
        known = layout.sets.get(set_tag)
        measured = [
            layout.sets[tag].id
            for tag in (tags.TRAINING_OUTPUT.lower(), tags.TESTING_OUTPUT.lower())
            if tag in layout.sets
        ]
        if known is None or not known.task_columns or not measured:
            return None
        tasks = [f"n.{identifier(column)}" for column in known.task_columns]
        task = tasks[0] if len(tasks) == 1 else f"COALESCE({', '.join(tasks)})"
        return (
            "SELECT DISTINCT df_exec, stored, own FROM ("
            f"SELECT t.df_exec, n.attribute AS stored, CASE n.of_set "
            f"WHEN '{tags.TESTING_OUTPUT}' THEN '{tags.TEST_METRIC_PREFIX}' || n.metric "
            f"ELSE n.metric END AS own FROM {from_clause(layout, known)} AS n "
            f"JOIN {self._catalogue.table('task_begun')} AS t ON t.id = {task} "
            f"WHERE n.of_set IN ('{tags.TRAINING_OUTPUT}', '{tags.TESTING_OUTPUT}')) AS o "
            f"WHERE o.own NOT IN (SELECT a.name FROM {self._catalogue.table('attribute')} AS a "
            f"WHERE {among('a.ds_id', measured)} AND a.name NOT IN ({OURS}))"
        )
