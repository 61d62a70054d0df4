"""What there is to say of an execution beside a file: configuration, data, commit, tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..executions.environment import KNOWN_SOFTWARE, Environment, Source
from ..executions.own_names import OwnNames
from ..executions.summaries import ExecutionSummary, executions
from ..keras_schema import names as tags
from ..keras_schema.names import TEST_METRIC_PREFIX
from ..store.connection import Connection
from ..store.exact_numbers import exact_value
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import identifier, literal, placeholders, qualified
from .uses import readable

__all__ = ["Data", "ExecutionFacts", "facts_of"]


@dataclass(frozen=True)
class Data:
    """A part of the data of an execution, with its fingerprint."""

    role: str
    name: str
    shape: str | None
    dtype: str | None
    hash: str | None
    hash_kind: str | None


@dataclass
class ExecutionFacts:
    """An execution, as far as it explains a file.

    Attributes:
        id: its id.
        execution: its tag.
        dataflow: its dataflow's tag.
        status: its status.
        began: when it began, in UTC.
        epochs: how many it trained.
        metrics: the last value of each.
        configuration: hyperparameters by name, as its last training had them.
        tests: the last value of each metric of its tests.
        data: fingerprints of its data; empty without DATASET.
        environment: versions and devices, in one line; empty without ENVIRONMENT.
        commit: of the script's repository.
        is_dirty: whether files differed from the commit; None if git did not tell.
        commit_url: the commit's web page.
    """

    id: int
    execution: str
    dataflow: str
    status: str
    began: datetime | None
    epochs: int
    metrics: dict[str, float | None]
    configuration: dict[str, str] = field(default_factory=dict)
    tests: dict[str, float | None] = field(default_factory=dict)
    data: list[Data] = field(default_factory=list)
    environment: str = ""
    commit: str | None = None
    is_dirty: bool | None = None
    commit_url: str | None = None


def facts_of(connection: Connection, ids: Sequence[int]) -> dict[int, ExecutionFacts]:
    """The facts of executions, by id, within the connection's transaction."""
    if not ids:
        return {}
    found = {each.id: _blank(each) for each in executions(connection, ids=ids)}
    owners = _tasks(connection, ids)
    _add_values(connection, found, owners)
    by_dataflow: dict[str, list[int]] = defaultdict(list)
    for task, owner in owners.items():
        if owner in found:
            by_dataflow[found[owner].dataflow].append(task)
    for dataflow, tasks in by_dataflow.items():
        _add_data(connection, dataflow, tasks, found, owners)
        _add_environment(connection, dataflow, tasks, found, owners)
    return found


def _blank(summary: ExecutionSummary) -> ExecutionFacts:
    return ExecutionFacts(
        summary.id,
        summary.tag,
        summary.dataflow,
        summary.status,
        summary.began,
        summary.epochs,
        summary.metrics,
    )


def _tasks(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """The execution of each of their tasks."""
    rows = connection.query(
        f"SELECT id, df_exec FROM {table('task_begun')} "
        f"WHERE df_exec IN ({placeholders(len(ids))}) ORDER BY id",
        list(ids),
    )
    return dict(rows)


def _add_values(
    connection: Connection, found: dict[int, ExecutionFacts], owners: dict[int, int]
) -> None:
    """Add hyperparameters, and the metrics of tests."""
    if not owners:
        return
    marks = placeholders(len(owners))
    for task, name, value in connection.query(
        f"SELECT task_id, name, value FROM {table('hyperparameter_value')} "
        f"WHERE task_id IN ({marks}) AND epoch IS NULL AND name IS NOT NULL ORDER BY task_id",
        list(owners),
    ):
        found[owners[task]].configuration[name] = value
    own = OwnNames(connection, Catalogue(connection)).of(found)
    for task, name, value, exact in connection.query(
        f'SELECT task_id, name, "value", exact FROM {table("metric_value")} '
        f"WHERE task_id IN ({marks}) AND epoch IS NULL ORDER BY task_id",
        list(owners),
    ):
        number: Any = exact_value(exact) if exact is not None else value
        whole = own.get((owners[task], name), name)
        found[owners[task]].tests[whole.removeprefix(TEST_METRIC_PREFIX)] = number


def _add_data(
    connection: Connection,
    dataflow: str,
    tasks: Sequence[int],
    found: dict[int, ExecutionFacts],
    owners: dict[int, int],
) -> None:
    columns = "role, name, shape, dtype, hash, hash_kind"
    for task, *values in _rows(connection, dataflow, tags.DATASET, columns, tasks):
        data, row = found[owners[task]].data, Data(*values)
        if row not in data:
            data.append(row)


def _add_environment(
    connection: Connection,
    dataflow: str,
    tasks: Sequence[int],
    found: dict[int, ExecutionFacts],
    owners: dict[int, int],
) -> None:
    known: dict[int, dict[str, dict[str, list[str]]]] = {}
    rows = _rows(
        connection, dataflow, tags.ENVIRONMENT, "kind, name, value", tasks, "kind <> 'package'"
    )
    for task, kind, name, value in rows:
        if None not in (kind, name, value):
            known.setdefault(owners[task], {}).setdefault(kind, {})[name] = [value]
    for execution, values in known.items():
        environment = Environment(values)
        found[execution].environment = _line(environment)
        source: Source | None = environment.source
        if source is not None:
            found[execution].commit, found[execution].is_dirty = source.commit, source.is_dirty
            found[execution].commit_url = source.commit_url


def _line(environment: Environment) -> str:
    """Versions and devices in one line."""
    keras, backend = environment.last("keras"), environment.latest("keras", "backend")
    title, _ = KNOWN_SOFTWARE.get(backend or "", (backend, ""))
    devices = ", ".join(dict.fromkeys(environment.last("device").values()))
    parts = [
        f"Keras {keras['version']}" if keras.get("version") else None,
        f"{title} {keras.get('backend_version', '')}".strip() if title else None,
        f"Python {version}" if (version := environment.latest("python", "version")) else None,
        environment.latest("platform", "system"),
        devices or None,
    ]
    return ", ".join(part for part in parts if part)


def _rows(
    connection: Connection,
    dataflow: str,
    name: str,
    columns: str,
    tasks: Sequence[int],
    condition: str = "1 = 1",
) -> list[tuple[Any, ...]]:
    """Rows of a set that trainings read, each with its task before it."""
    task = identifier(f"{tags.TRAINING.lower()}_task_id")
    statement = literal(
        f"SELECT {task}, {columns} FROM {qualified(dataflow, f'ds_{name.lower()}')} "
        f"WHERE {condition} AND {task} IN "
    )
    statement += f"({placeholders(len(tasks))}) " + literal('ORDER BY "id"')
    return list(readable(connection, statement, tasks))
