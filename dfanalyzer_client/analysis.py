"""What the database holds of executions, for people: pure queries.

Numbers come back as they were said: NaN, infinities and large integers are looked up in
``exact_number``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import vocabulary as tags
from .errors import UnknownTagError
from .store.connection import Connection
from .store.layout import DataflowLayout, SetLayout
from .store.numbers import Place, restored
from .store.reading import Catalogue
from .store.schema import table
from .store.sql import identifier, literal, qualified

__all__ = [
    "ExecutionSummary",
    "SetRows",
    "execution_sets",
    "executions",
    "find_execution",
    "task_exists",
    "tasks",
]


@dataclass
class ExecutionSummary:
    """One execution: how it stands and what it measured last."""

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
        """From the first task's begin to the last one's end, or to now while one runs."""
        if self.began is None:
            return None
        ended = self.ended or datetime.now(UTC).replace(tzinfo=None)
        return (ended - self.began).total_seconds()


@dataclass
class SetRows:
    """Rows of one set in one execution."""

    transformation: str
    tag: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


def executions(connection: Connection, dataflow: str | None = None) -> list[ExecutionSummary]:
    """All executions, oldest first, or those of one dataflow."""
    catalogue = Catalogue(connection)
    if not catalogue.exists:
        return []
    condition, parameters = ("WHERE d.tag = %s", [dataflow.lower()]) if dataflow else ("", [])
    rows = connection.query(
        f"SELECT e.id, e.tag, d.tag FROM {table('dataflow_execution')} e "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id {condition} ORDER BY e.id",
        parameters,
    )
    summaries = {id_: ExecutionSummary(id_, tag, dataflow_tag) for id_, tag, dataflow_tag in rows}
    _add_tasks(connection, catalogue, summaries)
    for tag in {each.dataflow for each in summaries.values()}:
        _add_epochs(connection, catalogue, tag, summaries)
    return list(summaries.values())


def find_execution(connection: Connection, name: str) -> ExecutionSummary:
    """The execution of this id, tag or beginning of a tag; ``last`` is the newest.

    Raises:
        UnknownTagError: none or several are meant.
    """
    known = executions(connection)
    if name == "last" and known:
        return known[-1]
    exact = [each for each in known if name in (each.tag, str(each.id))]
    found = exact or [each for each in known if each.tag.lower().startswith(name.lower())]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownTagError(f"No execution {name!r}: `keras-prov runs` lists them.")
    raise UnknownTagError(
        f"{len(found)} executions begin with {name!r}: give more of the tag, or the id "
        f"({', '.join(str(each.id) for each in found[:10])})."
    )


def tasks(connection: Connection, execution: int) -> list[tuple[Any, ...]]:
    """Transformation, id, status, begin, end and error of each task of an execution."""
    catalogue = Catalogue(connection)
    return connection.query(
        "SELECT x.tag, b.identifier, COALESCE(e.status, b.status), b.began, e.ended, "
        "COALESCE(e.error_msg, b.error_msg) "
        f"FROM {catalogue.table('task_begun')} b "
        f"JOIN {table('data_transformation')} x ON x.id = b.dt_id "
        f"LEFT JOIN {catalogue.table('task_ended')} e ON e.task_id = b.id "
        "WHERE b.df_exec = %s ORDER BY b.id",
        [execution],
    )


def task_exists(
    connection: Connection, dataflow: str, execution: str, transformation: str, identifier: int
) -> bool:
    """Whether a task is stored, by the tags and the id that its writer gave."""
    catalogue = Catalogue(connection)
    return catalogue.exists and bool(
        connection.query(
            f"SELECT 1 FROM {catalogue.table('task_begun')} t "
            f"JOIN {table('dataflow_execution')} e ON e.id = t.df_exec "
            f"JOIN {table('dataflow')} d ON d.id = e.df_id "
            f"JOIN {table('data_transformation')} x ON x.id = t.dt_id "
            "WHERE d.tag = %s AND e.tag = %s AND x.tag = %s AND t.identifier = %s",
            [dataflow, execution, transformation, identifier],
        )
    )


def execution_sets(connection: Connection, summary: ExecutionSummary) -> list[SetRows]:
    """What the tasks of an execution read and wrote, set by set; empty sets are left out."""
    catalogue = Catalogue(connection)
    layout = catalogue.layout(summary.dataflow)
    if layout is None:
        return []
    found = [
        _set_rows(connection, catalogue, layout, known, summary.id)
        for known in layout.sets.values()
    ]
    return [each for each in found if each.rows]


def _set_rows(
    connection: Connection,
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    execution: int,
) -> SetRows:
    writer = (known.producers or known.consumers)[0]
    names = list(known.attributes)
    columns = _columns("s", ["id", *names])
    rows = connection.query(
        literal(
            f"SELECT {columns} FROM {qualified(layout.tag, known.table)} s "
            f"JOIN {catalogue.table('task_begun')} t "
            f"ON t.id = s.{identifier(f'{writer}_task_id')} "
        )
        + "WHERE t.df_exec = %s ORDER BY s.id",
        [execution],
    )
    return SetRows(writer, known.tag, names, _exact(connection, catalogue, known, rows))


def _exact(
    connection: Connection,
    catalogue: Catalogue,
    known: SetLayout,
    rows: Sequence[tuple[Any, ...]],
) -> list[tuple[Any, ...]]:
    """`rows` without their leading ids, and with the numbers that a DOUBLE could not hold."""
    places = {
        attribute.id: Place(0, position)
        for position, attribute in enumerate(known.attributes.values(), 1)
        if attribute.type == "NUMERIC"
    }
    return [row[1:] for row in restored(connection, catalogue.table("exact_number"), rows, places)]


def _columns(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{identifier(name)}" for name in names)


def _add_tasks(
    connection: Connection, catalogue: Catalogue, summaries: dict[int, ExecutionSummary]
) -> None:
    rows = connection.query(
        "SELECT b.df_exec, x.tag, COALESCE(e.status, b.status), b.began, e.ended "
        f"FROM {catalogue.table('task_begun')} b "
        f"JOIN {table('data_transformation')} x ON x.id = b.dt_id "
        f"LEFT JOIN {catalogue.table('task_ended')} e ON e.task_id = b.id ORDER BY b.id"
    )
    statuses: dict[int, dict[bool, str]] = {}
    ends: dict[int, list[datetime | None]] = {}
    for execution, transformation, status, began, ended in rows:
        summary = summaries.get(execution)
        if summary is not None:
            is_training = transformation == tags.TRAINING.lower()
            statuses.setdefault(execution, {})[is_training] = status
            ends.setdefault(execution, []).append(ended)
            summary.began = min(filter(None, (summary.began, began)), default=None)
    for execution, by_kind in statuses.items():
        summary = summaries[execution]
        summary.status = by_kind.get(True, by_kind.get(False, summary.status))
        times = [end for end in ends[execution] if end is not None]
        summary.ended = max(times) if len(times) == len(ends[execution]) else None


def _add_epochs(
    connection: Connection,
    catalogue: Catalogue,
    dataflow: str,
    summaries: dict[int, ExecutionSummary],
) -> None:
    layout = catalogue.layout(dataflow)
    output = layout.sets.get(tags.TRAINING_OUTPUT.lower()) if layout is not None else None
    if layout is None or output is None:
        return
    name = qualified(layout.tag, output.table)
    task = identifier(f"{tags.TRAINING.lower()}_task_id")
    names = list(output.attributes)
    columns = _columns("o", names)
    rows = connection.query(
        f"SELECT c.df_exec, c.epochs, o.id, {columns} FROM {name} o JOIN ("
        f"SELECT t.df_exec, count(*) AS epochs, max(s.id) AS newest FROM {name} s "
        f"JOIN {catalogue.table('task_begun')} t ON t.id = s.{task} GROUP BY t.df_exec"
        ") AS c ON c.newest = o.id"
    )
    values = _exact(connection, catalogue, output, [row[2:] for row in rows])
    for (execution, epochs, *_), row in zip(rows, values, strict=True):
        if execution in summaries:
            summaries[execution].epochs = epochs
            summaries[execution].metrics = {
                each: value
                for each, value in zip(names, row, strict=True)
                if each not in tags.NOT_METRICS
                and output.attributes[each].type == "NUMERIC"
                and value is not None
            }
