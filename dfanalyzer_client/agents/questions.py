"""The questions that an agent can ask, over a connection with limits; answers are plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..analysis.finding import ids_with
from ..executions.summaries import ExecutionSummary, executions, find_execution, find_executions
from ..store.schema import PUBLIC, names_in, table
from ..store.sql import placeholders
from .limits import LimitedConnection
from .statements import checked_statement

__all__ = ["Answer", "compare", "curves", "run", "runs", "sql"]

Answer = dict[str, Any]
METRICS = (
    "SELECT name, count(*), min(value), max(value) FROM {metrics} m WHERE df_exec = %s "
    "GROUP BY name ORDER BY name"
)


def runs(
    connection: LimitedConnection,
    where: str = "",
    order_by: str = "",
    dataflow: str | None = None,
    status: str | None = None,
    limit: int = 20,
) -> Answer:
    """The runs that fulfil a condition, the newest first, with their last metrics."""
    wanted = min(max(1, limit), connection.limits.rows)
    ids = ids_with(
        connection,
        where,
        order_by=order_by or (),
        limit=wanted + 1,
        dataflow=dataflow,
        status=status,
    )
    found = {each.id: each for each in executions(connection, ids=ids)}
    return _cut([_summary(found[id_]) for id_ in ids if id_ in found], wanted, "runs")


def run(connection: LimitedConnection, name: str = "last") -> Answer:
    """All of a run: hyperparameters, metrics, tasks, files, environment, tags and note."""
    found = find_execution(connection, name)
    id_ = found.id
    present = names_in(connection, PUBLIC)

    def rows(statement: str) -> list[tuple[Any, ...]]:
        return connection.first_rows(statement, [id_])[1]

    answer = _summary(found)
    answer["hyperparameters"] = _hyperparameters(connection, [id_]).get(id_, {})
    answer["metrics"] = [
        {"name": name, "values": count, "lowest": low, "highest": high, "last": last}
        for name, count, low, high in rows(METRICS.format(metrics=table("metrics")))
        for last in [found.metrics.get(name)]
    ]
    answer["tasks"] = [
        {"transformation": tag, "status": status, "error": error}
        for tag, status, error in rows(
            f"SELECT x.tag, t.status, t.error_msg FROM {table('task')} t "
            f"JOIN {table('data_transformation')} x ON x.id = t.dt_id WHERE t.df_exec = %s "
            "ORDER BY t.id"
        )
    ]
    answer["files"] = [
        {"path": path, "mode": mode, "size": size, "sha256": sha256}
        for path, mode, size, sha256 in rows(
            f"SELECT f.path, f.mode, f.size, f.sha256 FROM {table('file')} f "
            f"JOIN {table('task_begun')} t ON t.id = f.task_id WHERE t.df_exec = %s ORDER BY f.id"
        )
    ]
    answer["derived_from"] = [
        tag
        for (tag,) in rows(
            f"SELECT DISTINCT previous_execution FROM {table('lineage')} l WHERE df_exec = %s"
        )
    ]
    if "tags" in present:
        answer["tags"] = dict(
            rows(f'SELECT "name", "value" FROM {table("tags")} s WHERE df_exec = %s')
        )
        noted = rows(f'SELECT "text" FROM {table("notes")} s WHERE df_exec = %s')
        answer["note"] = noted[0][0] if noted else None
    return answer


def compare(connection: LimitedConnection, names: Sequence[str]) -> Answer:
    """Runs side by side: hyperparameters that differ, those that do not, and last metrics."""
    found = find_executions(connection, names)
    chosen = _hyperparameters(connection, [each.id for each in found])
    keys = sorted({key for values in chosen.values() for key in values})
    same: Answer = {}
    differ: dict[str, list[Any]] = {}
    for key in keys:
        values = [chosen.get(each.id, {}).get(key) for each in found]
        if all(value == values[0] for value in values):
            same[key] = values[0]
        else:
            differ[key] = values
    metrics = sorted({name for each in found for name in each.metrics})
    return {
        "runs": [_summary(each) for each in found],
        "different_hyperparameters": differ,
        "same_hyperparameters": same,
        "last_metrics": {name: [each.metrics.get(name) for each in found] for name in metrics},
    }


def curves(
    connection: LimitedConnection, names: Sequence[str], metrics: Sequence[str] = ()
) -> Answer:
    """Metrics by epoch."""
    ids = [each.id for each in find_executions(connection, names)]
    condition = f"df_exec IN ({placeholders(len(ids))})"
    if metrics:
        condition += f" AND name IN ({placeholders(len(metrics))})"
    columns, rows = connection.first_rows(
        "SELECT execution, name, epoch, COALESCE(exact, CAST(value AS TEXT)) AS value "
        f"FROM {table('metrics')} m WHERE {condition} ORDER BY df_exec, name, epoch",
        [*ids, *metrics],
    )
    return _table(columns, rows, connection.limits.rows)


def sql(connection: LimitedConnection, statement: str) -> Answer:
    """The rows of a SELECT."""
    columns, rows = connection.first_rows(checked_statement(statement))
    return _table(columns, rows, connection.limits.rows)


def _hyperparameters(connection: LimitedConnection, ids: Sequence[int]) -> dict[int, Answer]:
    """The newest value of each hyperparameter, by execution and name."""
    found: dict[int, Answer] = {}
    for id_, name, value, number in connection.query(
        f"SELECT df_exec, name, value, number FROM {table('hyperparameters')} h "
        f"WHERE df_exec IN ({placeholders(len(ids))}) AND epoch IS NULL ORDER BY task_id",
        list(ids),
    ):
        found.setdefault(id_, {})[name] = value if number is None else number
    return found


def _summary(found: ExecutionSummary) -> Answer:
    return {
        "id": found.id,
        "execution": found.tag,
        "dataflow": found.dataflow,
        "status": found.status,
        "began": found.began,
        "ended": found.ended,
        "seconds": found.seconds,
        "epochs": found.epochs,
        "last_metrics": found.metrics,
    }


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]], limit: int) -> Answer:
    names = [f"column_{n}" if c[:1] == "%" else c for n, c in enumerate(columns, 1)]
    return {"columns": names, **_cut([list(row) for row in rows], limit, "rows")}


def _cut(listed: list[Any], limit: int, name: str) -> Answer:
    """A list with as much as may be shown, and a word if there is more."""
    answer: Answer = {name: listed[:limit]}
    if len(listed) > limit:
        answer["cut"] = f"There are more than these {limit} {name}: ask for fewer, or aggregate."
    return answer
