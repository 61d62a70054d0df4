"""Runs of a site, read through its remote tables in few statements that join little."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..analysis.finding import summaries_with_ids
from ..analysis.run_summary import RunSummary
from ..errors import StoreError
from ..executions.newest import newest_ids
from ..keras_schema import Role
from ..keras_schema.names import TEST_METRIC_PREFIX
from ..store.connection import Connection
from ..store.exact_numbers import exact_value
from ..store.sql import among, qualified
from ..support.clock import aware_utc
from .definitions import HERE, schema_of
from .sites import problem_of

__all__ = ["SiteRun", "Unread", "runs_of_sites"]

INTEGER = re.compile(r"-?\d{1,18}")


class SiteRun(NamedTuple):
    """A run, and the site that has it."""

    site: str
    run: RunSummary


class Unread(NamedTuple):
    """A site that was left out, and why."""

    site: str
    problem: str


def runs_of_sites(
    connection: Connection,
    names: Sequence[str],
    *,
    dataflow: str | None = None,
    limit: int | None = None,
) -> Iterator[SiteRun | Unread]:
    """The newest runs of each site, of at most `limit` each; a site that is down says so."""
    for name in names:
        try:
            with connection.transaction():
                if name == HERE:
                    ids, _ = newest_ids(connection, dataflow, limit)
                    found = list(summaries_with_ids(connection, ids))
                else:
                    found = _Remote(connection, name).runs(dataflow, limit)
        except StoreError as error:
            if name == HERE:
                raise
            yield Unread(name, problem_of(error))
            continue
        for run in found:
            yield SiteRun(name, run)


class _Task(NamedTuple):
    """A task of an execution."""

    id: int
    is_training: bool
    status: str
    began: datetime | None
    ended: datetime | None


class _Remote:
    """One site's tables."""

    def __init__(self, connection: Connection, site: str) -> None:
        self._query, self._schema = connection.query, schema_of(site)

    def runs(self, dataflow: str | None, limit: int | None) -> list[RunSummary]:
        """The newest runs."""
        condition, parameters = ("WHERE d.tag = %s", [dataflow.lower()]) if dataflow else ("", [])
        most = "" if limit is None else f"LIMIT {limit:d}"
        executions = self._query(
            f"SELECT e.id, e.tag, d.tag FROM {self._of('dataflow_execution')} AS e "
            f"JOIN {self._of('dataflow')} AS d ON d.id = e.df_id {condition} "
            f"ORDER BY e.id DESC {most}",
            parameters,
        )
        ids = [id_ for id_, _, _ in executions]
        if not ids:
            return []
        tasks = self._tasks(ids)
        measured = self._measured(tasks)
        chosen = self._hyperparameters(ids)
        tags, notes = self._said(ids)
        return [
            _summary(id_, tag or "", of, tasks[id_], measured, chosen[id_], tags[id_], notes)
            for id_, tag, of in executions
        ]

    def _of(self, name: str) -> str:
        return qualified(self._schema, name)

    def _tasks(self, ids: Sequence[int]) -> dict[int, list[_Task]]:
        trainings = {
            id_
            for (id_,) in self._query(
                f"SELECT DISTINCT p.previous_dt_id FROM {self._of('data_dependency')} AS p "
                f"JOIN {self._of('data_set_role')} AS r ON r.ds_id = p.ds_id WHERE r.role = %s",
                [Role.EPOCHS.value],
            )
        }
        ends = {
            id_: (status, ended)
            for id_, status, ended in self._query(
                f"SELECT e.task_id, e.status, e.ended FROM {self._of('task_ended')} AS e "
                f"JOIN {self._of('task_begun')} AS b ON b.id = e.task_id "
                f"WHERE {among('b.df_exec', ids)}"
            )
        }
        found: dict[int, list[_Task]] = defaultdict(list)
        for execution, id_, kind, status, began in self._query(
            "SELECT b.df_exec, b.id, b.dt_id, b.status, b.began "
            f"FROM {self._of('task_begun')} AS b WHERE {among('b.df_exec', ids)} ORDER BY b.id"
        ):
            last, ended = ends.get(id_, (status, None))
            found[execution].append(_Task(id_, kind in trainings, last or status, began, ended))
        return found

    def _measured(self, tasks: dict[int, list[_Task]]) -> dict[int, dict[str, list[Any]]]:
        """Count, last, lowest and highest value of each metric, by task."""
        found: dict[int, dict[str, list[Any]]] = defaultdict(dict)
        done = [task.id for some in tasks.values() for task in some if task.ended is not None]
        running = [task.id for some in tasks.values() for task in some if task.ended is None]
        if done:
            for task, name, count, last, exact, low, high in self._query(
                'SELECT m.task_id, m.name, m.count, m."last", m.last_exact, m.lowest, m.highest '
                f"FROM {self._of('metric_summary')} AS m WHERE {among('m.task_id', done)}"
            ):
                found[task][name] = [count, _number(last, exact), low, high]
        if running:
            for task, name, value, exact in self._query(
                "SELECT m.task_id, m.name, m.value, m.exact "
                f"FROM {self._of('metric_value')} AS m WHERE {among('m.task_id', running)} "
                "ORDER BY m.task_id, m.epoch"
            ):
                before = found[task].get(name, [0, None, value, value])
                seen = [each for each in (value, *before[2:]) if each is not None]
                extremes = [min(seen), max(seen)] if seen else [None, None]
                found[task][name] = [before[0] + 1, _number(value, exact), *extremes]
        return found

    def _hyperparameters(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = defaultdict(dict)
        for execution, name, text, number in self._query(
            "SELECT t.df_exec, v.name, v.value, v.number "
            f"FROM {self._of('hyperparameter_value')} AS v "
            f"JOIN {self._of('task_begun')} AS t ON t.id = v.task_id "
            f"WHERE {among('t.df_exec', ids)} AND v.epoch IS NULL ORDER BY v.task_id"
        ):
            if name is not None:
                is_integer = text is not None and INTEGER.fullmatch(text)
                value = int(text) if is_integer else number
                found[execution][name] = text if number is None else value
        return found

    def _said(self, ids: Sequence[int]) -> tuple[dict[int, dict[str, str]], dict[int, str]]:
        """The newest tags and notes; a change to NULL has removed one."""
        tags: dict[int, dict[str, str | None]] = defaultdict(dict)
        for execution, name, value in self._query(
            f"SELECT df_exec, name, value FROM {self._of('execution_tag')} "
            f"WHERE {among('df_exec', ids)} ORDER BY changed"
        ):
            tags[execution][name] = value
        rows = self._query(
            f'SELECT df_exec, "text" FROM {self._of("execution_note")} '
            f"WHERE {among('df_exec', ids)} ORDER BY changed"
        )
        kept = {id_: {n: v for n, v in some.items() if v is not None} for id_, some in tags.items()}
        return defaultdict(dict, kept), dict(rows)


def _summary(
    id_: int,
    tag: str,
    dataflow: str,
    tasks: Sequence[_Task],
    measured: dict[int, dict[str, list[Any]]],
    chosen: dict[str, Any],
    tags: dict[str, str],
    notes: dict[int, str],
) -> RunSummary:
    """A run from its rows; its status is that of the training that ended last or still runs."""
    trainings = [task for task in tasks if task.is_training]
    in_order = sorted(tasks, key=lambda task: (task.ended or datetime.max, task.id))
    of_kind = [task for task in in_order if task.is_training] or in_order
    values: dict[str, list[Any]] = {}
    for task in in_order:
        values |= measured.get(task.id, {})
    epochs = sum(
        max((each[0] for name, each in measured.get(task.id, {}).items()), default=0)
        for task in trainings
    )
    all_ended = bool(tasks) and all(task.ended is not None for task in tasks)
    names = sorted(values, key=lambda name: not name.startswith(TEST_METRIC_PREFIX))
    return RunSummary(
        id_,
        tag,
        dataflow,
        of_kind[-1].status if of_kind else "READY",
        aware_utc(min((task.began for task in tasks if task.began), default=None)),
        aware_utc(max(task.ended for task in tasks if task.ended) if all_ended else None),
        epochs,
        chosen,
        {name: values[name][1] for name in names},
        {name: values[name][2] for name in names},
        {name: values[name][3] for name in names},
        tags,
        notes.get(id_),
    )


def _number(value: float | None, exact: str | None) -> Any:
    return value if exact is None else exact_value(exact)
