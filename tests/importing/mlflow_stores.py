"""Copies of the MLflow stores beside this file, whose runs are new to the database."""

from __future__ import annotations

import re
import shutil
import sqlite3
import uuid
from collections import defaultdict
from pathlib import Path

__all__ = ["DATABASE", "FOLDER", "PLACES", "copied", "with_two_experiments"]

STORES = Path(__file__).parent
PLACES = ("mlflow-2.22.0/mlflow.db", "mlflow-2.22.0/runs", "mlflow-3.17.2/mlflow.db")
DATABASE, FOLDER = PLACES[2], PLACES[1]
ID = re.compile("(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
COLUMNS = {
    "runs": ("run_uuid", "artifact_uri"),
    "metrics": ("run_uuid",),
    "params": ("run_uuid",),
    "tags": ("run_uuid", "value"),
    "inputs": ("destination_id",),
}
"""Where an MLflow database has the ids of runs."""


def copied(place: str, folder: Path) -> Path:
    """A copy of a store in `folder`, in which every run has another id."""
    version = Path(place).parts[0]
    shutil.copytree(STORES / version, folder / version)
    ids: dict[str, str] = defaultdict(lambda: uuid.uuid4().hex)
    for path in sorted((folder / version).rglob("*"), reverse=True):  # what is within comes first
        if path.is_file() and path.name != "mlflow.db":
            path.write_text(ID.sub(lambda found: ids[found[0]], path.read_text()))
        if ID.fullmatch(path.name):
            path.rename(path.with_name(ids[path.name]))
    _renew(folder / version / "mlflow.db", ids)
    return folder / place


def with_two_experiments(store: Path, older: str, newer: str) -> None:
    """Give the experiments of a copy these names, and the older one the run `failed`."""
    if store.is_dir():
        first, second = sorted(path.parent for path in store.glob("*/meta.yaml"))
        for folder, name in ((first, older), (second, newer)):
            meta = folder / "meta.yaml"
            meta.write_text(re.sub("(?m)^name: .*$", f"name: '{name}'", meta.read_text()))
        (named,) = (f for f in second.glob("*/tags/mlflow.runName") if f.read_text() == "failed")
        named.parents[1].rename(first / named.parents[1].name)
        return
    database = sqlite3.connect(store)
    (first,), (second,) = database.execute("SELECT experiment_id FROM experiments ORDER BY 1")
    for id_, name in ((first, older), (second, newer)):
        database.execute("UPDATE experiments SET name = ? WHERE experiment_id = ?", (name, id_))
    database.execute("UPDATE runs SET experiment_id = ? WHERE name = 'failed'", (first,))
    database.commit()
    database.close()


def _renew(path: Path, ids: dict[str, str]) -> None:
    """Give the runs of a database their new ids."""
    database = sqlite3.connect(path)
    for (run,) in database.execute("SELECT run_uuid FROM runs").fetchall():
        for table, columns in COLUMNS.items():
            for column in columns:
                database.execute(
                    f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (run, ids[run])
                )
    database.commit()
    database.close()
