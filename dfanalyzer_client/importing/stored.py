"""What the database has of runs that were imported before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..declarations.erasures import Erasures
from ..keras_schema import SETS
from ..keras_schema import names as tags
from ..store import Connection
from ..store.erasing.tombstones import load_erasures
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import identifier, literal
from ..task_status import ENDED
from .attributes import Attributes
from .foreign_run import Fact

__all__ = ["STATE", "StoredExecution", "StoredRun", "StoredRuns"]

STATE: tuple[str, str] = ("import", "state")
"""Kind and name of the fact that stands for all that was imported of a run; it is sent last."""

ENDED_STATES = frozenset(status.value for status in ENDED)


@dataclass(frozen=True)
class StoredRun:
    """An execution that was imported; `state` is None if that was interrupted."""

    id: int
    dataflow: str
    state: str | None


@dataclass
class StoredExecution:
    """What is stored of an execution.

    Attributes:
        tasks: how many tasks each transformation has.
        is_open: whether its last training has not ended.
        hyperparameters: their attributes.
        facts: what ``iEnvironment`` has.
        points: how many values are stored, by metric's attribute and epoch.
        renamed: metrics by attribute, by the set's tag.
        rows: how many rows the other sets have.
        data: roles, names and hashes of ``iDataset``.
        files: paths and sizes.
        parents: the executions that it was derived from.
    """

    tasks: dict[str, int] = field(default_factory=dict)
    is_open: bool = False
    hyperparameters: set[str] = field(default_factory=set)
    facts: set[Fact] = field(default_factory=set)
    points: dict[tuple[str, int], int] = field(default_factory=dict)
    renamed: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    data: set[tuple[Any, ...]] = field(default_factory=set)
    files: set[tuple[str, int | None]] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)


class StoredRuns:
    """The imported executions of a database, read through a connection for queries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._layouts: dict[str, DataflowLayout | None] = {}
        with connection.transaction():
            self._catalogue = Catalogue(connection)
            self.is_empty = not self._catalogue.exists or self._catalogue.is_predecessors
            self._known = {} if self.is_empty else self._executions()
            self._erasures = self._erased()

    def find(self, tag: str) -> StoredRun | None:
        """The execution with this tag; None if there is none."""
        found = self._known.get(tag)
        if found is None:
            return None
        id_, dataflow = found
        if dataflow not in self._layouts:
            self.layout(dataflow)
            self._states |= self._states_of(dataflow)
        return StoredRun(id_, dataflow, self._states.get(id_))

    def was_erased(self, dataflow: str, tag: str) -> bool:
        """Whether this execution of a dataflow was erased, and so cannot come back."""
        return self._erasures.has_execution(dataflow, tag)

    def attributes(self, dataflow: str) -> Attributes:
        """The attributes of a dataflow's sets, as they are stored."""
        layout = None if self.is_empty else self.layout(dataflow)
        sets = {} if layout is None else layout.sets
        return Attributes(
            {
                tag: {name: attribute.type for name, attribute in known.attributes.items()}
                for tag, known in sets.items()
            }
        )

    def layout(self, dataflow: str) -> DataflowLayout | None:
        """The layout of a dataflow; None if it is not stored."""
        if dataflow not in self._layouts:
            with self._connection.transaction():
                self._layouts[dataflow] = self._catalogue.layout(dataflow.lower())
        return self._layouts[dataflow]

    def execution(self, run: StoredRun) -> StoredExecution:
        """All that is stored of an execution."""
        layout = self.layout(run.dataflow)
        found = StoredExecution()
        if layout is None:
            return found
        with self._connection.transaction():
            self._add_tasks(found, run, layout)
            self._add_values(found, run)
            self._add_rows(found, run, layout)
        return found

    def _executions(self) -> dict[str, tuple[int, str]]:
        self._states: dict[int, str] = {}
        rows = self._connection.query(
            f"SELECT e.tag, e.id, d.tag FROM {table('dataflow_execution')} e "
            f"JOIN {table('dataflow')} d ON d.id = e.df_id "
            "WHERE e.tag LIKE 'mlflow-%' OR e.tag LIKE 'tensorboard-%' OR e.tag LIKE 'csv-%'"
        )
        return {tag: (id_, dataflow) for tag, id_, dataflow in rows}

    def _erased(self) -> Erasures:
        """What was erased; catalogues of earlier versions do not have it."""
        if self.is_empty or not self._catalogue.columns("erasure"):
            return Erasures()
        return load_erasures(self._connection)

    def _states_of(self, dataflow: str) -> dict[int, str]:
        """The newest state of each execution of a dataflow."""
        layout = self.layout(dataflow)
        with self._connection.transaction():
            rows = self._of_set(
                layout,
                tags.ENVIRONMENT,
                "t.df_exec, s.value",
                "s.kind = %s AND s.name = %s",
                [*STATE],
            )
        return dict(rows)

    def _add_tasks(self, found: StoredExecution, run: StoredRun, layout: DataflowLayout) -> None:
        names = {id_: tag for tag, id_ in layout.transformations.items()}
        last = 0
        for transformation, number, status in self._connection.query(
            f"SELECT dt_id, identifier, status FROM {table('task')} t WHERE df_exec = %s",
            [run.id],
        ):
            tag = names[transformation]
            found.tasks[tag] = max(number, found.tasks.get(tag, 0))
            if tag == tags.TRAINING.lower() and number >= last:
                last, found.is_open = number, status not in ENDED_STATES

    def _add_values(self, found: StoredExecution, run: StoredRun) -> None:
        """Add what stands in tables of all dataflows."""
        begun = f"JOIN {table('task_begun')} t ON t.id = v.task_id WHERE t.df_exec = %s"
        ask = self._connection.query
        found.hyperparameters = {
            name
            for (name,) in ask(
                f"SELECT DISTINCT v.name FROM {table('hyperparameter_value')} v {begun}", [run.id]
            )
        }
        found.points = {
            (name, int(epoch)): count
            for name, epoch, count in ask(
                f"SELECT v.name, v.epoch, count(*) FROM {table('metric_value')} v {begun} "
                "AND v.epoch IS NOT NULL GROUP BY v.name, v.epoch",
                [run.id],
            )
        }
        found.files = set(
            ask(f"SELECT DISTINCT v.path, v.size FROM {table('file')} v {begun}", [run.id])
        )
        found.parents = {
            tag
            for (tag,) in ask(
                f"SELECT execution_tag FROM {table('execution_link')} l WHERE df_exec = %s",
                [run.id],
            )
        }

    def _add_rows(self, found: StoredExecution, run: StoredRun, layout: DataflowLayout) -> None:
        """Add what stands in the dataflow's own tables."""

        def of(tag: str, columns: str) -> list[tuple[Any, ...]]:
            return self._of_set(layout, tag, columns, "t.df_exec = %s", [run.id])

        found.facts = {
            (kind, name, value)
            for kind, name, value in of(tags.ENVIRONMENT, "s.kind, s.name, s.value")
        }
        found.data = set(of(tags.DATASET, "s.role, s.name, s.hash"))
        for set_tag, attribute, metric in of(tags.METRIC_NAMES, "s.of_set, s.attribute, s.metric"):
            found.renamed.setdefault(set_tag, {})[attribute] = metric
        for tag in (tags.TESTING_OUTPUT, tags.BATCHES, tags.SYSTEM_METRICS):
            rows = of(tag, "count(*)")
            found.rows[tag] = rows[0][0] if rows else 0

    def _of_set(
        self,
        layout: DataflowLayout | None,
        tag: str,
        columns: str,
        condition: str,
        parameters: Sequence[Any],
    ) -> list[tuple[Any, ...]]:
        """Rows of one of our sets ``s`` with their tasks ``t``, oldest first; none without it."""
        known = None if layout is None else layout.sets.get(tag.lower())
        writer = f"{(SETS[tag].producer or SETS[tag].consumers[0]).lower()}_task_id"
        if layout is None or known is None or writer not in known.task_columns:
            return []
        if not {name.lower() for name in SETS[tag].names} <= known.attributes.keys():
            return []  # a set of the user's own
        order = "" if "count" in columns else "ORDER BY s.id"
        source = literal(from_clause(layout, known))
        return self._connection.query(
            f"SELECT {columns} FROM {source} s JOIN {table('task_begun')} t "
            f"ON t.id = s.{identifier(writer)} WHERE {condition} {order}",
            parameters,
        )
