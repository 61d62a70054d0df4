"""Runs of an MLflow tracking store in an SQLite database, which is only read.

The tables are those of MLflow 1 to 3: tables and columns that a version lacks are taken as empty.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...errors import ForeignDataError
from ..foreign_run import ForeignRun, Point
from .mlflow_experiments import Experiment, dataflow_tags
from .mlflow_run import MlflowRun, dataset_row, foreign_run, metric_point

__all__ = ["SQLITE_HEADER", "MlflowDatabase"]

SQLITE_HEADER = b"SQLite format 3\0"
NEEDED = ("experiments", "runs", "metrics", "params", "tags")
DELETED = "deleted"
LARGEST = 1.7976931348623157e308
"""What MLflow writes for an infinity, which databases do not hold."""

RUNS = """
SELECT r.run_uuid, e.name, e.experiment_id, r.name, r.status, r.start_time, r.end_time,
       r.artifact_uri, r.lifecycle_stage = 'deleted' OR e.lifecycle_stage = 'deleted'
FROM runs AS r JOIN experiments AS e ON e.experiment_id = r.experiment_id
ORDER BY r.start_time, r.run_uuid
"""
DATASETS = """
SELECT d.name, d.digest, d.dataset_source_type, d.dataset_source, d.dataset_schema,
       d.dataset_profile, i.input_uuid
FROM inputs AS i JOIN datasets AS d ON d.dataset_uuid = i.source_id
WHERE i.destination_id = ? AND i.source_type = 'DATASET' AND i.destination_type = 'RUN'
"""
DATASET_FIELDS = ("name", "digest", "source_type", "source", "schema", "profile")


class MlflowDatabase:
    """A `Source`; for the arguments see `mlflow_source`.

    Raises:
        ForeignDataError: the database is not MLflow's.
    """

    def __init__(self, path: Path, dataflow: str | None, *, deleted: bool) -> None:
        self._path, self._dataflow, self._deleted = path.resolve(), dataflow, deleted
        self.skipped = 0
        self._tags: dict[str, str] = {}
        with self._reading() as database:
            rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            self._tables = {name for (name,) in rows}
        missing = [name for name in NEEDED if name not in self._tables]
        if missing:
            raise ForeignDataError(
                f"{path} is an SQLite database, but not MLflow's: it has no table {missing[0]!r}."
            )

    def runs(self) -> Iterator[ForeignRun | ForeignDataError]:
        """The runs, oldest first."""
        self.skipped = 0
        with self._reading() as database:
            experiments = database.execute("SELECT experiment_id, name FROM experiments").fetchall()
            self._tags = dataflow_tags(
                Experiment(id_, str(id_), name or "") for id_, name in experiments
            )
            for *values, is_deleted in database.execute(RUNS).fetchall():  # no lock is held
                if is_deleted and not self._deleted:
                    self.skipped += 1
                    continue
                yield self._run(database, values)

    def _run(self, database: sqlite3.Connection, values: list[Any]) -> ForeignRun:
        id_, experiment, experiment_id, name, status, began, ended, uri = values
        run = MlflowRun(
            id_,
            experiment,
            str(experiment_id),
            name or "",
            status or "",
            began,
            ended,
            uri or "",
            self._pairs(database, "params", id_),
            self._pairs(database, "tags", id_),
            self._data(database, id_),
        )
        run.name = run.name or run.tags.get("mlflow.runName", "")
        ((count,),) = database.execute("SELECT count(*) FROM metrics WHERE run_uuid = ?", [id_])

        def points() -> Iterator[Point]:
            return self._points(id_)

        dataflow = self._dataflow or self._tags[run.experiment_id]
        return foreign_run(run, self._path.parent, dataflow, points, str(count))

    def _points(self, run: str) -> Iterator[Point]:
        with self._reading() as database:
            for name, value, is_nan, step, time in database.execute(
                "SELECT key, value, is_nan, step, timestamp FROM metrics WHERE run_uuid = ? "
                "ORDER BY timestamp, step, rowid",
                [run],
            ):
                yield metric_point(name, _number(value, is_nan), step or 0, time or 0)

    def _data(self, database: sqlite3.Connection, run: str) -> list[dict[str, Any]]:
        if not {"datasets", "inputs", "input_tags"} <= self._tables:
            return []
        found = []
        for *fields, input_id in database.execute(DATASETS, [run]).fetchall():
            context = database.execute(
                "SELECT value FROM input_tags WHERE input_uuid = ? "
                "AND name = 'mlflow.data.context'",
                [input_id],
            ).fetchone()
            dataset = dict(zip(DATASET_FIELDS, fields, strict=True))
            found.append(dataset_row(dataset, context[0] if context else ""))
        return found

    @staticmethod
    def _pairs(database: sqlite3.Connection, table: str, run: str) -> dict[str, str]:
        rows = database.execute(
            f"SELECT key, value FROM {table} WHERE run_uuid = ? ORDER BY key", [run]
        )
        return {name: value or "" for name, value in rows}

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that cannot write; what SQLite refuses is an error of ours."""
        database: sqlite3.Connection | None = None
        try:
            address = f"file:{quote(str(self._path))}?mode=ro"
            database = sqlite3.connect(address, uri=True, timeout=30)
            yield database
        except sqlite3.Error as error:
            raise ForeignDataError(f"{self._path} cannot be read: {error}.") from None
        finally:
            if database is not None:
                database.close()


def _number(value: Any, is_nan: Any) -> float:
    if is_nan or value is None:
        return float("nan")
    number = float(value)
    return number if abs(number) < LARGEST else number * 10
