"""Summarize executions for people.

Numbers come back exact: NaN, infinities and large integers are looked up in ``exact_number``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from ..errors import RefusedError, UnknownTagError
from ..keras_schema import Role
from ..keras_schema import names as tags
from ..store.comparison.roles import sets_with
from ..store.connection import Connection
from ..store.driver_errors import lacks_rights
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import among, placeholders
from ..support.clock import naive_utc
from ..support.name_lists import listed
from .last_epochs import last_epochs
from .measured_values import measured_by

__all__ = [
    "ExecutionSummary",
    "execution_ids",
    "executions",
    "find_execution",
    "find_executions",
]

NEWEST = "last"
"""What names the newest execution."""

NAMES_AT_ONCE = 500

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
    (found,) = find_executions(connection, [name])
    return found


def find_executions(connection: Connection, names: Sequence[str]) -> list[ExecutionSummary]:
    """As `find_execution` for each name, in about the time of one.

    Raises:
        UnknownTagError: to a name, no execution matches, or several do; or it is empty.
    """
    found = _named(connection, names)
    summaries = {each.id: each for each in found}
    _complete(connection, Catalogue(connection), summaries.values())
    return [summaries[each.id] for each in found]


def execution_ids(connection: Connection, names: Sequence[str]) -> list[int]:
    """The ids of the executions that `find_executions` finds; their rows are not read."""
    return [each.id for each in _named(connection, names)]


def _named(connection: Connection, names: Sequence[str]) -> list[ExecutionSummary]:
    """For each name, its execution, of which nothing else is known yet; raises UnknownTagError."""
    if unusable := [name for name in names if not name.strip() or "\0" in name]:
        raise UnknownTagError(
            "An execution is named by its id, its tag, the beginning of its tag, or 'last'. "
            f"Received: {unusable[0]!r}."
        )
    catalogue = Catalogue(connection)
    found = _named_exactly(connection, catalogue, names)
    if len(found) < len(set(names)):
        known = _known_executions(connection, catalogue)
        for name in names:
            if name not in found:
                start = name.lower()
                found[name] = [each for each in known if each.tag.lower().startswith(start)]
    return [_only(name, found[name]) for name in names]


IDS_NAMED = 10


def _only(name: str, found: Sequence[ExecutionSummary]) -> ExecutionSummary:
    """The one execution that has a name, or whose tag begins with it."""
    if len(found) == 1:
        return found[0]
    if not found:
        hint = "none is stored yet." if name == NEWEST else "`keras-prov runs` lists them."
        raise UnknownTagError(f"No execution {name!r}: {hint}")
    raise UnknownTagError(
        f"{len(found)} executions begin with {name!r}: give a longer part of the tag, or the id "
        f"({listed((summary.id for summary in found), IDS_NAMED)})."
    )


def _named_exactly(
    connection: Connection, catalogue: Catalogue, names: Collection[str]
) -> dict[str, list[ExecutionSummary]]:
    """By name, the newest execution if it is ``last``; else those with this tag or id."""
    found: dict[str, list[ExecutionSummary]] = defaultdict(list)
    asked = sorted(set(names))
    if NEWEST in asked and catalogue.exists:
        ((newest,),) = connection.query(
            f"SELECT max(id) FROM {catalogue.table('dataflow_execution')} AS e"
        )
        if newest is not None:
            asked.remove(NEWEST)
            found[NEWEST] = _known_executions(connection, catalogue, "e.id = %s", [newest])
    for first in range(0, len(asked), NAMES_AT_ONCE):
        some = asked[first : first + NAMES_AT_ONCE]
        ids = [int(n) for n in some if n.isascii() and n.isdigit() and len(n) < ID_DIGITS]
        tags_or_ids = f"(e.tag IN ({placeholders(len(some))}) OR {among('e.id', ids)})"
        for each in _known_executions(connection, catalogue, tags_or_ids, some):
            for name in {each.tag, str(each.id)} & set(some):
                found[name].append(each)
    return found


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
    of: dict[str, set[int]] = defaultdict(set)
    for each in summaries.values():
        of[each.dataflow].add(each.id)
    trained = sets_with(connection, Role.EPOCHS)
    named = None if trained is None else {tags.METRIC_NAMES.lower(), *chain(*trained.values())}
    layouts = catalogue.layouts(of.keys() if trained is None else of.keys() & trained, named)
    trainings = frozenset(
        layout.transformations[tag] for layout in layouts for tag in layout.writers_of(Role.EPOCHS)
    )
    several = _add_tasks(connection, catalogue, summaries, trainings)
    for execution, epochs, metrics in last_epochs(connection, catalogue, layouts, of):
        summaries[execution].epochs = max(summaries[execution].epochs, epochs)
        summaries[execution].metrics |= metrics
    _add_last_metrics(connection, catalogue, {id_: summaries[id_] for id_ in several})


def _add_last_metrics(
    connection: Connection, catalogue: Catalogue, summaries: Mapping[int, ExecutionSummary]
) -> None:
    """Add the metrics that the last of several trainings did not measure, but an earlier one."""
    try:
        measured = measured_by(connection, catalogue, summaries)
    except RefusedError as error:
        if not lacks_rights(error):
            raise
        connection.rollback()
        return
    for id_, summary in summaries.items():
        of_epochs = {
            name: value
            for name, value in measured[id_].last.items()
            if not name.startswith(tags.TEST_METRIC_PREFIX)
        }
        summary.metrics = of_epochs or summary.metrics


def _add_tasks(
    connection: Connection,
    catalogue: Catalogue,
    summaries: dict[int, ExecutionSummary],
    trainings: Container[int],
) -> list[int]:
    """Add status and times; returns the ids of the executions with several trainings.

    The status is that of the training that ended last or still runs: one that began later may have
    run inside it, in a callback. Without a training, the status is that of the last task.
    """
    rows = connection.query(
        "SELECT b.df_exec, b.dt_id, COALESCE(e.status, b.status), b.began, e.ended "
        f"FROM {catalogue.table('task_begun')} b "
        f"LEFT JOIN {catalogue.table('task_ended')} e ON e.task_id = b.id "
        f"WHERE {among('b.df_exec', summaries)} ORDER BY b.id"
    )
    newest: dict[int, dict[bool, tuple[datetime, str]]] = {}
    ends: dict[int, list[datetime | None]] = {}
    trained = Counter[int]()
    for execution, transformation, status, began, ended in rows:
        summary = summaries.get(execution)
        if summary is not None:
            is_training = transformation in trainings
            trained[execution] += is_training
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
    return [execution for execution, count in trained.items() if count > 1]
