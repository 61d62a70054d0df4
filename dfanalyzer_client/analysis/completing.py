"""Complete runs that were found: hyperparameters, metrics, tags and notes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..executions.summaries import executions
from ..store import Connection
from ..store.comparison.metric_summaries import summaries_source
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import placeholders
from .run_summary import RunSummary

__all__ = ["summaries_of"]

INTEGER = re.compile(r"-?\d{1,18}")

ByRun = dict[int, dict[str, Any]]


def summaries_of(
    connection: Connection, catalogue: Catalogue, ids: Sequence[int]
) -> list[RunSummary]:
    """The runs with these ids, in this order."""
    if not ids:
        return []
    found = {each.id: each for each in executions(connection, ids=ids)}
    chosen, lowest, highest, tags, notes = _more(connection, catalogue, ids)
    return [
        RunSummary(
            each.id,
            each.tag,
            each.dataflow,
            each.status,
            _utc(each.began),
            _utc(each.ended),
            each.epochs,
            chosen[each.id],
            {**_tested(lowest[each.id]), **each.metrics},
            lowest[each.id],
            highest[each.id],
            tags[each.id],
            notes[each.id].get("note"),
        )
        for each in (found[id_] for id_ in ids if id_ in found)
    ]


def _more(
    connection: Connection, catalogue: Catalogue, ids: Sequence[int]
) -> tuple[ByRun, ByRun, ByRun, ByRun, ByRun]:
    """Hyperparameters, lowest and highest metrics, tags and notes."""
    chosen, lowest, highest, tags, notes = (
        defaultdict[int, dict[str, Any]](dict) for _ in range(5)
    )
    if not catalogue.columns("execution_tag"):
        return chosen, lowest, highest, tags, notes
    among = f"({placeholders(len(ids))})"
    for run, name, value, number in connection.query(
        f"SELECT t.df_exec, v.name, v.value, v.number FROM {table('hyperparameter_value')} AS v "
        f"JOIN {table('task_begun')} AS t ON t.id = v.task_id "
        f"WHERE v.epoch IS NULL AND t.df_exec IN {among} ORDER BY v.task_id",
        ids,
    ):
        chosen[run][name] = _value(value, number)
    for run, name, low, high in connection.query(
        "SELECT t.df_exec, m.name, min(m.lowest), max(m.highest) "
        f"FROM {summaries_source(connection)} AS m "
        f"JOIN {table('task_begun')} AS t ON t.id = m.task_id WHERE t.df_exec IN {among} "
        "GROUP BY t.df_exec, m.name ORDER BY m.name",
        ids,
    ):
        lowest[run][name], highest[run][name] = low, high
    for run, name, value in connection.query(
        f"SELECT df_exec, name, value FROM {table('tags')} WHERE df_exec IN {among} ORDER BY name",
        ids,
    ):
        tags[run][name] = value
    for run, text in connection.query(
        f"SELECT df_exec, text FROM {table('notes')} WHERE df_exec IN {among}", ids
    ):
        notes[run]["note"] = text
    return chosen, lowest, highest, tags, notes


def _tested(lowest: dict[str, Any]) -> dict[str, Any]:
    """What tests measured; the lowest of several tests."""
    return {name: value for name, value in lowest.items() if name.startswith("otest_")}


def _value(text: str | None, number: float | None) -> Any:
    """A hyperparameter as a number where it is one."""
    if number is None:
        return text
    return int(text) if text is not None and INTEGER.fullmatch(text) else number


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
