"""Where runs are imported from, one module for each form of each tool's records."""

from __future__ import annotations

from .csv_log import csv_source
from .mlflow import mlflow_source
from .source import Source
from .tensorboard import tensorboard_source

__all__ = ["Source", "csv_source", "mlflow_source", "tensorboard_source"]
