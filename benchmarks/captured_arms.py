"""Keras-Prov, with the paper's attributes and with everything, read back by its own commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from .arm import MODEL_FILE, Arm, Found, Records, prov_records
from .configurations import TAG, Configuration
from .stopwatch import Stopwatch

__all__ = ["Captured", "CapturedAll"]

SETS = """SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id
WHERE s.name = '{tag}'"""
HYPERPARAMETERS = """SELECT COUNT(*) AS n FROM "public".hyperparameters
WHERE df_exec = {run} AND epoch IS NULL AND value IS NOT NULL"""
METRICS = """SELECT name, COUNT(*) AS epochs FROM "public".metrics
WHERE df_exec = {run} AND epoch IS NOT NULL GROUP BY name"""
COUNT = """SELECT COUNT(DISTINCT {column}) AS n FROM "{tag}".{table}
WHERE trainingmodel_task_id IN (SELECT id FROM "public".task WHERE df_exec = {run})"""
ROWS = (
    ("rates", "otrainingmodel", "CASE WHEN learning_rate IS NOT NULL THEN epoch_id END"),
    ("layers", "ilayers", "name"),
    ("packages", "ienvironment", "CASE kind WHEN 'package' THEN name END"),
    ("python", "ienvironment", "CASE kind || name WHEN 'pythonversion' THEN value END"),
    ("machine", "ienvironment", "CASE kind || name WHEN 'platformcpus' THEN value END"),
    ("commit", "ienvironment", "CASE kind || name WHEN 'gitcommit' THEN value END"),
    ("data", "idataset", "hash"),
)
"""What is counted: the name in `Records`, the set, and the column."""
FLAGS = ("python", "machine", "commit", "data")


class Captured(Arm):
    """Keras-Prov, on its private server, with everything that the paper captures."""

    name = "captured"
    title = "Keras-Prov"
    distribution = "keras-prov"
    shared = ("server", "journals")
    tag = TAG

    def switch_on(self, watch: Stopwatch) -> Any:
        """Import it in place of Keras."""
        import keras_prov
        from keras_prov._training import callbacks as ours
        from keras_prov.patches import fit

        watch.watch(fit._WatchedFit, "__init__", "__exit__")
        for owner in (ours.FirstCallback, ours.LastCallback):
            watch.watch_callback(owner)
        return keras_prov

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """No callbacks; the model is captured."""
        from .dense_ed_training import capture

        capture(model, configuration)
        return []

    def found(self) -> Found:
        """Run `keras-prov sync`, in case a process was killed, and `keras-prov runs`."""
        self._command("sync")
        newest = self._newest()
        return Found(newest["epochs"], newest["status"])

    def records(self) -> Records:
        """Ask with SQL, export the PROV document, and ask where the saved model came from."""
        newest = self._newest()
        tables = {row["name"] for row in self._rows(SETS)}
        counts = {
            name: self._rows(COUNT, table=table, column=column, run=newest["id"])[0]["n"]
            for name, table, column in ROWS
            if table in tables
        }
        counts |= {name: bool(counts.get(name)) for name in FLAGS}
        metrics = {row["name"]: row["epochs"] for row in self._rows(METRICS, run=newest["id"])}
        return Records(
            **counts,
            hyperparameters=self._rows(HYPERPARAMETERS, run=newest["id"])[0]["n"],
            metrics=sum(epochs == newest["epochs"] for epochs in metrics.values()),
            model_file="file" if self._origin() else "",
            prov=prov_records(self._command("export", str(newest["id"]))),
            sql=metrics.get("loss", 0),
        )

    def _origin(self) -> list[dict[str, Any]]:
        """What is known of the saved model's file."""
        answer = self._command("origin", "--json", str(self.output / MODEL_FILE))
        uses: list[dict[str, Any]] = json.loads(answer)["uses"]
        return uses

    def _rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """The rows of a statement, asked with `keras-prov sql`."""
        text = statement.format(tag=self.tag, **values)
        rows: list[dict[str, Any]] = json.loads(self._command("sql", "--json", text))
        return rows

    def _newest(self) -> dict[str, Any]:
        runs: list[dict[str, Any]] = json.loads(
            self._command("runs", "--dataflow", self.tag, "--json")
        )
        return max(runs, key=lambda run: run["id"])

    def _command(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "dfanalyzer_client.cli", *arguments],
            env={**os.environ, "KERAS_PROV_HOME": str(self.output.parent)},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout


class CapturedAll(Captured):
    """The same with all attributes but the costly ones: layers, data and environment, too."""

    name = "captured-all"
    title = "Keras-Prov, everything"
    tag = f"{TAG}_all"

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """No callbacks; everything of the model is captured."""
        model.provenance(self.tag, adaptation=True, hyps="all")
        return []
