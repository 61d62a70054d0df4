"""Make the MLflow stores that the tests import, with whatever version of MLflow is installed.

In an environment with MLflow and SQLAlchemy, from this folder: ``python make_mlflow_stores.py``.
The stores in ``mlflow-2.22.0`` (a file store and an SQLite database) and ``mlflow-3.17.2`` (SQLite)
were made so.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

START = 1_700_000_000_000
"""When the first run began, in milliseconds since 1970."""

SOURCE = {
    "mlflow.user": "ada",
    "mlflow.source.name": "train.py",
    "mlflow.source.git.commit": "0123456789abcdef0123456789abcdef01234567",
}


def fill(client: MlflowClient) -> None:
    """Runs as teams have them: a search, a failed one, one that runs, one that was deleted."""
    experiment = client.create_experiment("digits")
    parent = client.create_run(
        experiment, START, {**SOURCE, "mlflow.runName": "search", "mlflow.note.content": "Fine."}
    )
    client.log_param(parent.info.run_id, "trials", 2)
    trials = {"first": (0.01, "adam"), "second": (0.1, "auto")}
    for number, (name, (rate, optimizer)) in enumerate(trials.items()):
        began = START + 60_000 * (number + 1)
        tags = {**SOURCE, "mlflow.runName": name, "mlflow.parentRunId": parent.info.run_id}
        run = client.create_run(experiment, began, {**tags, "team": "vision"})
        epochs(client, run.info.run_id, began, rate)
        client.log_param(run.info.run_id, "learning_rate", rate)
        client.log_param(run.info.run_id, "optimizer", optimizer)
        client.log_param(run.info.run_id, "batch_size", 32 if name == "first" else "auto")
        client.set_terminated(run.info.run_id, "FINISHED", began + 30_000)
    artifact(client, run.info.run_id)
    client.set_terminated(parent.info.run_id, "FINISHED", START + 200_000)
    failed = client.create_run(experiment, START + 300_000, {"mlflow.runName": "failed"})
    values = [float("nan"), float("inf"), 2.5]
    client.log_batch(
        failed.info.run_id,
        [Metric("loss", value, START + 300_000 + step, step) for step, value in enumerate(values)],
        [Param("password", "hunter2"), Param("note", "ünïcode ☃")],
    )
    client.set_terminated(failed.info.run_id, "FAILED", START + 310_000)
    running = client.create_run(experiment, START + 400_000, {"mlflow.runName": "running"})
    client.log_metric(running.info.run_id, "loss", 0.5, START + 401_000, 0)
    deleted = client.create_run(experiment, START + 500_000, {"mlflow.runName": "deleted"})
    client.delete_run(deleted.info.run_id)


def epochs(client: MlflowClient, run: str, began: int, rate: float) -> None:
    """Three epochs, of one a metric twice; metrics that are no attributes; the system's."""
    points = []
    for step in range(3):
        now = began + 5_000 * (step + 1)
        points += [
            Metric("loss", rate / (step + 1), now, step),
            Metric("Loss", 9.0, now, step),
            Metric("val/loss", 2 * rate / (step + 1), now + 100, step),
            Metric("id", float(step), now, step),
            Metric("system/cpu_utilization_percentage", 50.0 + step, now, step),
            Metric("system/gpu_0_memory_usage_megabytes", 100.0, now, step),
            Metric("system/disk_usage_megabytes", 1000.0, now, step),
        ]
    points.append(Metric("loss", 0.25, began + 20_000, 2))
    client.log_batch(run, points)


def artifact(client: MlflowClient, run: str) -> None:
    """A file, in a folder of the run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "weights.h5")
        file.write_bytes(b"not really weights")
        client.log_artifact(run, str(file), "model")


def dataset(client: MlflowClient, run: str) -> None:
    """A data set that the run trained on."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    known = Dataset("digits", "abc123", "local", '{"uri": "digits.npz"}', "{}", '{"num_rows": 90}')
    client.log_inputs(run, [DatasetInput(known, [InputTag("mlflow.data.context", "training")])])


def finish(client: MlflowClient) -> None:
    """The data set of the first trial."""
    (experiment,) = [each for each in client.search_experiments() if each.name == "digits"]
    runs = client.search_runs([experiment.experiment_id])
    (first,) = [run for run in runs if run.info.run_name == "first"]
    dataset(client, first.info.run_id)


def main() -> None:
    """Make the stores of this version beside this file."""
    target = Path(__file__).parent / f"mlflow-{mlflow.__version__}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    os.chdir(target)
    uris = ["sqlite:///mlflow.db"]
    if int(mlflow.__version__.split(".")[0]) < 3:
        uris.append("file:./runs")  # the artifacts of the database are in mlruns
    for uri in uris:
        mlflow.set_tracking_uri(uri)
        client = MlflowClient(uri)
        fill(client)
        finish(client)
    place = str(target)
    for meta in target.rglob("meta.yaml"):
        meta.write_text(meta.read_text().replace(place, "/project"))
    database = sqlite3.connect("mlflow.db")
    for table, column in {"runs": "artifact_uri", "experiments": "artifact_location"}.items():
        statement = f"UPDATE {table} SET {column} = replace({column}, ?, '/project')"
        database.execute(statement, (place,))
    database.commit()
    database.execute("PRAGMA page_size=512")  # most tables are empty, and have a page each
    database.execute("VACUUM")
    database.close()


if __name__ == "__main__":
    main()
