"""Complete runs that were found: hyperparameters, metrics, tags and notes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ..executions.measured_values import measured_by
from ..executions.stop_reasons import stop_reasons
from ..executions.summaries import executions
from ..keras_schema.names import TEST_METRIC_PREFIX
from ..store import Connection
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import placeholders
from ..support.clock import aware_utc
from .run_summary import RunSummary

__all__ = ["summaries_of"]

INTEGER = re.compile(r"-?\d{1,18}")

ByRun = dict[int, dict[str, Any]]

IDS_AT_ONCE = 1000
"""So many ids are named in a statement."""


def summaries_of(
    connection: Connection, catalogue: Catalogue, ids: Sequence[int], *, ends: bool = True
) -> list[RunSummary]:
    """The runs with these ids, in this order; without stop reasons unless `ends`."""
    if not ids:
        return []
    found = {each.id: each for each in executions(connection, ids=ids)}
    measured = measured_by(connection, catalogue, ids)
    reasons = stop_reasons(connection, catalogue, frozenset(ids)) if ends else {}
    chosen, tags, notes = (defaultdict[int, dict[str, Any]](dict) for _ in range(3))
    if catalogue.columns("execution_tag"):
        for first in range(0, len(ids), IDS_AT_ONCE):
            some = ids[first : first + IDS_AT_ONCE]
            _add_chosen(connection, some, chosen)
            _add_said(connection, some, tags, notes)
    return [
        RunSummary(
            each.id,
            each.tag,
            each.dataflow,
            each.status,
            aware_utc(each.began),
            aware_utc(each.ended),
            each.epochs,
            chosen[each.id],
            _tests_first(measured[each.id].last or each.metrics),
            measured[each.id].lowest,
            measured[each.id].highest,
            tags[each.id],
            notes[each.id].get("note"),
            reasons.get(each.id),
        )
        for each in (found[id_] for id_ in ids if id_ in found)
    ]


def _add_chosen(connection: Connection, ids: Sequence[int], chosen: ByRun) -> None:
    """Add the hyperparameters of each run's last training."""
    for run, name, value, number in connection.query(
        f"SELECT t.df_exec, v.name, v.value, v.number FROM {table('hyperparameter_value')} AS v "
        f"JOIN {table('task_begun')} AS t ON t.id = v.task_id "
        f"WHERE v.epoch IS NULL AND v.name IS NOT NULL "
        f"AND t.df_exec IN ({placeholders(len(ids))}) ORDER BY v.task_id",
        ids,
    ):
        chosen[run][name] = _value(value, number)


def _tests_first(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """Metrics of tests, which are measured least often, then the others."""
    return dict(sorted(metrics.items(), key=lambda each: not _is_of_test(each[0])))


def _is_of_test(name: str) -> bool:
    return name.startswith(TEST_METRIC_PREFIX)


def _add_said(connection: Connection, ids: Sequence[int], tags: ByRun, notes: ByRun) -> None:
    """Add what people have said."""
    among = f"({placeholders(len(ids))})"
    for run, name, value in connection.query(
        f"SELECT df_exec, name, value FROM {table('tags')} WHERE df_exec IN {among} ORDER BY name",
        ids,
    ):
        tags[run][name] = value
    for run, text in connection.query(
        f"SELECT df_exec, text FROM {table('notes')} WHERE df_exec IN {among}", ids
    ):
        notes[run]["note"] = text


def _value(text: str | None, number: float | None) -> Any:
    """A hyperparameter as a number where it is one."""
    if number is None:
        return text
    return int(text) if text is not None and INTEGER.fullmatch(text) else number
