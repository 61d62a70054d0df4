"""Runs of other tools, imported as executions: MLflow's, TensorBoard's and those of CSVLogger."""

from __future__ import annotations

from .importer import Outcome, import_runs
from .sources import Source, csv_source, mlflow_source, tensorboard_source

__all__ = [
    "Outcome",
    "Source",
    "csv_source",
    "import_runs",
    "mlflow_source",
    "tensorboard_source",
]
