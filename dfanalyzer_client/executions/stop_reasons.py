"""Why the last training of executions ended, such as ``finished`` or ``steering``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from ..keras_schema import Role
from ..keras_schema import names as tags
from ..store.comparison.roles import sets_with
from ..store.connection import Connection
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout, SetLayout
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import among, identifier
from .last_epochs import SETS_AT_ONCE, union_rows, writer_of
from .measured_values import NEVER

__all__ = ["stop_reasons", "stop_reasons_query"]

REASON = tags.STOP_REASON.lower()


def stop_reasons(
    connection: Connection, catalogue: Catalogue, executions: Collection[int]
) -> dict[int, str]:
    """By execution, why its last training ended; of those whose rows the user may read.

    The last training is the one that ended last: another may have run inside it, in a callback.
    """
    ends: dict[int, tuple[datetime, int, str]] = {}
    parts = _parts(connection, catalogue, executions)
    for first in range(0, len(parts), SETS_AT_ONCE):
        for execution, task, ended, reason in union_rows(
            connection, parts[first : first + SETS_AT_ONCE]
        ):
            end = ended or datetime.max, task, reason
            if execution in executions and reason is not None:
                ends[execution] = max(end, ends.get(execution, end))
    return {execution: reason for execution, (_, _, reason) in ends.items()}


def stop_reasons_query(connection: Connection, catalogue: Catalogue) -> str:
    """A query of all executions with a stop reason: columns ``df_exec`` and ``stop_reason``."""
    parts = _parts(connection, catalogue, None)
    if not parts:
        none = "CAST(NULL AS TEXT) AS stop_reason"
        return f"SELECT x.id AS df_exec, {none} FROM {table('dataflow_execution')} AS x WHERE FALSE"
    return (
        "SELECT df_exec, stop_reason FROM (SELECT df_exec, stop_reason, row_number() OVER "
        f"(PARTITION BY df_exec ORDER BY COALESCE(ended, {NEVER}) DESC, task DESC) AS place "
        f"FROM ({' UNION ALL '.join(parts)}) AS u WHERE stop_reason IS NOT NULL) AS r "
        "WHERE place = 1"
    )


def _parts(
    connection: Connection, catalogue: Catalogue, executions: Collection[int] | None
) -> list[str]:
    """A statement for each set that has the outcomes of trainings."""
    outcomes = sets_with(connection, Role.OUTCOME) or {}
    flows = set(outcomes)
    if executions is not None:
        flows &= _dataflows_of(connection, catalogue, executions)
    sets = {tag for flow in flows for tag in outcomes[flow]}
    return [
        _statement(catalogue, layout, known, executions)
        for layout in (catalogue.layouts(flows, sets) if sets else [])
        for known in layout.sets.values()
        if known.role == Role.OUTCOME and known.producers and REASON in known.attributes
    ]


def _dataflows_of(
    connection: Connection, catalogue: Catalogue, executions: Collection[int]
) -> set[str]:
    rows = connection.query(
        f"SELECT DISTINCT d.tag FROM {table('dataflow')} AS d JOIN "
        f"{catalogue.table('dataflow_execution')} AS e ON e.df_id = d.id "
        f"WHERE {among('e.id', executions)}"
    )
    return {tag for (tag,) in rows}


def _statement(
    catalogue: Catalogue,
    layout: DataflowLayout,
    known: SetLayout,
    executions: Collection[int] | None,
) -> str:
    chosen = "" if executions is None else f" WHERE {among('t.df_exec', executions)}"
    return (
        f"SELECT t.df_exec, t.id AS task, z.ended, s.{identifier(REASON)} AS stop_reason "
        f"FROM {from_clause(layout, known)} AS s "
        f"JOIN {catalogue.table('task_begun')} AS t ON t.id = {writer_of(known)} "
        f"LEFT JOIN {catalogue.table('task_ended')} AS z ON z.task_id = t.id{chosen}"
    )
