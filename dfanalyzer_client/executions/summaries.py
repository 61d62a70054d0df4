"""Summarize executions for people.

Numbers come back exact: NaN, infinities and large integers are looked up in ``exact_number``.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..errors import RefusedError, UnknownTagError
from ..keras_schema import Role
from ..keras_schema import names as tags
from ..store.comparison.roles import dataflows_with
from ..store.comparison.values import NO_METRICS
from ..store.connection import Connection
from ..store.driver_errors import lacks_rights
from ..store.exact_numbers import exact_rows
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout, SetLayout
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import among, identifier
from ..support.clock import naive_utc

__all__ = [
    "ExecutionSummary",
    "executions",
    "find_execution",
]

NEWEST = "last"
"""What names the newest execution."""

ID_DIGITS = 19
"""A number with so many digits is no id: a BIGINT may not hold it."""


@dataclass
class ExecutionSummary:
    """One execution: its status and its latest metrics."""

    id: int
    tag: str
    dataflow: str
    status: str = "READY"
    began: datetime | None = None
    ended: datetime | None = None
    epochs: int = 0
    metrics: dict[str, float | None] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """Seconds from the first task's start to the last one's end, or to now if one runs."""
        if self.began is None:
            return None
        ended = self.ended or naive_utc(datetime.now(UTC))
        return (ended - self.began).total_seconds()


def executions(
    connection: Connection, dataflow: str | None = None, *, ids: Collection[int] | None = None
) -> list[ExecutionSummary]:
    """All executions, oldest first, or those of one dataflow, or those with certain ids.

    If the connection's user may not read an execution's rows, it has neither epochs nor metrics.
    """
    catalogue = Catalogue(connection)
    conditions: list[str] = ["TRUE"]
    parameters: list[str] = []
    if dataflow:
        conditions, parameters = ["d.tag = %s"], [dataflow.lower()]
    if ids is not None:
        conditions.append(among("e.id", ids))
    known = _known_executions(connection, catalogue, " AND ".join(conditions), parameters)
    if ids is not None:
        wanted = frozenset(ids)
        known = [summary for summary in known if summary.id in wanted]
    _complete(connection, catalogue, known)
    return known


def find_execution(connection: Connection, name: str) -> ExecutionSummary:
    """The execution with this id, tag or beginning of a tag; ``last`` is the newest.

    Raises:
        UnknownTagError: no execution matches, or several do.
    """
    catalogue = Catalogue(connection)
    found = _named_exactly(connection, catalogue, name) or [
        summary
        for summary in _known_executions(connection, catalogue)
        if summary.tag.lower().startswith(name.lower())
    ]
    if len(found) == 1:
        _complete(connection, catalogue, found)
        return found[0]
    if not found:
        hint = "none is stored yet." if name == NEWEST else "`keras-prov runs` lists them."
        raise UnknownTagError(f"No execution {name!r}: {hint}")
    raise UnknownTagError(
        f"{len(found)} executions begin with {name!r}: give a longer part of the tag, or the id "
        f"({', '.join(str(summary.id) for summary in found[:10])})."
    )


def _named_exactly(
    connection: Connection, catalogue: Catalogue, name: str
) -> list[ExecutionSummary]:
    """The newest execution if `name` is ``last``; else those with this tag or id."""
    if name == NEWEST and catalogue.exists:
        ((newest,),) = connection.query(
            f"SELECT max(id) FROM {catalogue.table('dataflow_execution')} AS e"
        )
        if newest is not None:
            return _known_executions(connection, catalogue, "e.id = %s", [newest])
    id_ = int(name) if name.isascii() and name.isdigit() and len(name) < ID_DIGITS else -1
    found = _known_executions(connection, catalogue, "(e.tag = %s OR e.id = %s)", [name, id_])
    return [summary for summary in found if name in (summary.tag, str(summary.id))]


def _known_executions(
    connection: Connection,
    catalogue: Catalogue,
    condition: str = "TRUE",
    parameters: Sequence[object] = (),
) -> list[ExecutionSummary]:
    """The executions ``e`` of dataflows ``d`` that fulfil a condition, oldest first."""
    if not catalogue.exists:
        return []
    rows = connection.query(
        f"SELECT e.id, e.tag, d.tag FROM {catalogue.table('dataflow_execution')} e "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id WHERE {condition} ORDER BY e.id",
        parameters,
    )
    # in DfAnalyzer's tables, an execution may have no tag
    return [ExecutionSummary(id_, tag or "", of) for id_, tag, of in rows]


def _complete(
    connection: Connection, catalogue: Catalogue, known: Iterable[ExecutionSummary]
) -> None:
    """Add what is in their tasks and rows, as far as the connection's user may read these."""
    summaries = {summary.id: summary for summary in known}
    if not summaries:
        return
    trained = set(dataflows_with(connection, Role.EPOCHS))
    layouts = catalogue.layouts({each.dataflow for each in summaries.values()} & trained)
    trainings = frozenset(
        layout.transformations[tag] for layout in layouts for tag in layout.writers_of(Role.EPOCHS)
    )
    _add_tasks(connection, catalogue, summaries, trainings)
    for layout in layouts:
        try:
            for output in _epoch_sets(layout):
                _add_epochs(connection, catalogue, layout, output, summaries)
        except RefusedError as error:
            if not lacks_rights(error):
                raise
            connection.rollback()  # MonetDB refuses everything else in this transaction


def _add_tasks(
    connection: Connection,
    catalogue: Catalogue,
    summaries: dict[int, ExecutionSummary],
    trainings: Container[int],
) -> None:
    """Add status and times. The status is that of the training that ended last or still runs.

    A training that began later may have run inside it, in a callback. Without a training, the
    status is that of the last task.
    """
    rows = connection.query(
        "SELECT b.df_exec, b.dt_id, COALESCE(e.status, b.status), b.began, e.ended "
        f"FROM {catalogue.table('task_begun')} b "
        f"LEFT JOIN {catalogue.table('task_ended')} e ON e.task_id = b.id "
        f"WHERE {among('b.df_exec', summaries)} ORDER BY b.id"
    )
    newest: dict[int, dict[bool, tuple[datetime, str]]] = {}
    ends: dict[int, list[datetime | None]] = {}
    for execution, transformation, status, began, ended in rows:
        summary = summaries.get(execution)
        if summary is not None:
            is_training = transformation in trainings
            of_kind = newest.setdefault(execution, {})
            done = ended or datetime.max
            if is_training not in of_kind or of_kind[is_training][0] <= done:
                of_kind[is_training] = done, status
            ends.setdefault(execution, []).append(ended)
            summary.began = min(filter(None, (summary.began, began)), default=None)
    for execution, by_kind in newest.items():
        summary = summaries[execution]
        summary.status = by_kind[True in by_kind][1]
        times = [end for end in ends[execution] if end is not None]
        summary.ended = max(times) if len(times) == len(ends[execution]) else None


def _epoch_sets(layout: DataflowLayout) -> list[SetLayout]:
    """The sets of epochs that a transformation writes."""
    return [each for each in layout.sets.values() if each.role == Role.EPOCHS and each.producers]


def _add_epochs(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    output: SetLayout,
    summaries: Mapping[int, ExecutionSummary],
) -> None:
    name = from_clause(layout, output)
    writers = [f"s.{identifier(f'{tag}_task_id')}" for tag in output.producers]
    task = writers[0] if len(writers) == 1 else f"COALESCE({', '.join(writers)})"
    names = list(output.attributes)
    columns = "".join(f", o.{identifier(name)}" for name in names)
    rows = connection.query(
        f"SELECT c.df_exec, c.epochs, o.id{columns} FROM {name} o JOIN ("
        f"SELECT t.df_exec, count(*) AS epochs, max(s.id) AS newest FROM {name} s "
        f"JOIN {catalogue.table('task_begun')} t ON t.id = {task} "
        f"WHERE {among('t.df_exec', summaries)} GROUP BY t.df_exec"
        ") AS c ON c.newest = o.id"
    )
    values = exact_rows(
        connection,
        catalogue.table("exact_number"),
        output.attributes,
        [row[2:] for row in rows],
        1,
    )
    metric = metric_names(connection, catalogue, layout, output, summaries)
    for (execution, epochs, *_), (_, *row) in zip(rows, values, strict=True):
        if execution in summaries:
            summaries[execution].epochs = max(summaries[execution].epochs, epochs)
            summaries[execution].metrics |= {
                metric.get((execution, name), name): value
                for name, value in zip(names, row, strict=True)
                if name not in NO_METRICS
                and output.attributes[name].type == "NUMERIC"
                and value is not None
            }


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
    known = layout.sets.get(tags.METRIC_NAMES.lower())
    writer = tags.TRAINING.lower()
    is_ours = output.tag == tags.TRAINING_OUTPUT.lower()
    if known is None or not is_ours or writer not in known.producers:
        return {}
    rows = connection.query(
        f"SELECT t.df_exec, n.attribute, n.metric FROM {from_clause(layout, known)} n "
        f"JOIN {catalogue.table('task_begun')} t ON t.id = n.{identifier(f'{writer}_task_id')} "
        f"WHERE n.of_set = %s AND {among('t.df_exec', wanted)} ORDER BY n.id",
        [tags.TRAINING_OUTPUT],
    )
    taken = output.attributes
    return {(execution, name): metric for execution, name, metric in rows if metric not in taken}
