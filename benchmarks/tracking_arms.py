"""MLflow and yProv4ML, used in the first way that their documentation shows."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import sqlite3
from collections.abc import Mapping
from typing import Any

from .arm import EXPERIMENT, Arm, Found, Records, handed_over, prov_records
from .configurations import Configuration
from .stopwatch import Stopwatch

__all__ = ["MLflow", "MLflowWithModels", "YProv4ML"]

RATES = ("lr", "learning_rate")
"""What a metric with the learning rate would be called."""
LOSSES = "SELECT COUNT(*) FROM metrics WHERE run_uuid = ? AND key = 'loss'"


class MLflow(Arm):
    """MLflow's autologging for Keras 3 on a local SQLite store, without the models."""

    name = "mlflow"
    title = "MLflow autologging"
    module = distribution = "mlflow"
    shared = ("mlflow.db*", "mlflow-artifacts")
    log_models = False

    def switch_on(self, watch: Stopwatch) -> Any:
        """Switch autologging on, with a store that the first training creates."""
        import keras

        mlflow = self._mlflow()
        from mlflow.keras.callback import MlflowCallback

        mlflow.set_tracking_uri(self._store)
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            artifacts = (self.output.parent / f"{self.name}-artifacts").as_uri()
            mlflow.create_experiment(EXPERIMENT, artifact_location=artifacts)
        mlflow.set_experiment(EXPERIMENT)
        mlflow.keras.autolog(log_models=self.log_models)
        watch.watch_callback(MlflowCallback)
        return keras

    def found(self) -> Found:
        """The newest run in the store: its status, and the history of its loss."""
        run = self._newest()
        return Found(self._epochs(run, "loss"), run.info.status)

    def records(self) -> Records:
        """Ask its client, and its SQLite database with SQL."""
        run = self._newest()
        lengths = {name: self._epochs(run, name) for name in run.data.metrics}
        return Records(
            hyperparameters=sum(value != "None" for value in run.data.params.values()),
            metrics=sum(n == lengths["loss"] for name, n in lengths.items() if name not in RATES),
            rates=max(lengths.get(name, 0) for name in RATES),
            layers=self._layers(run),
            commit="mlflow.source.git.commit" in run.data.tags,
            data=any(each.dataset.digest for each in run.inputs.dataset_inputs),
            sql=self._losses_by_sql(run.info.run_id),
            **self._of_model(run),
        )

    def _newest(self) -> Any:
        experiment = self._client.get_experiment_by_name(EXPERIMENT)
        run, *_ = self._client.search_runs([experiment.experiment_id], max_results=1)
        return run

    def _epochs(self, run: Any, metric: str) -> int:
        """The epochs with a value of the metric."""
        history = self._client.get_metric_history(run.info.run_id, metric)
        return len({value.step for value in history})

    def _layers(self, run: Any) -> int:
        """The rows of the model's summary, which lines separate."""
        uri = f"{run.info.artifact_uri}/model_summary.txt"
        text = self._mlflow().artifacts.load_text(uri)
        return sum(line.startswith(("┡", "├")) for line in text.splitlines())

    def _of_model(self, run: Any) -> dict[str, Any]:
        """What the stored model adds, if there is one."""
        for output in run.outputs.model_outputs if run.outputs else []:
            place = self._client.get_logged_model(output.model_id).artifact_location
            load = self._mlflow().artifacts.load_text
            return {
                "packages": len(load(f"{place}/requirements.txt").splitlines()),
                "python": "python:" in load(f"{place}/python_env.yaml"),
                "model_file": "copy",
            }
        return {}

    def _losses_by_sql(self, run_id: str) -> int:
        with contextlib.closing(sqlite3.connect(self._store.removeprefix("sqlite:///"))) as store:
            ((count,),) = store.execute(LOSSES, [run_id])
        return int(count)

    @property
    def _client(self) -> Any:
        return self._mlflow().MlflowClient(self._store)

    @property
    def _store(self) -> str:
        return f"sqlite:///{self.output.parent / self.name}.db"

    @staticmethod
    def _mlflow() -> Any:
        os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
        import mlflow

        return mlflow


class MLflowWithModels(MLflow):
    """The same with its defaults: the model is stored at the end."""

    name = "mlflow-models"
    title = "MLflow autologging, models too"
    shared = ("mlflow-models.db*", "mlflow-models-artifacts")
    log_models = True


class YProv4ML(Arm):
    """yProv4ML, which does not support Keras: a callback of ours logs the metrics."""

    name = "yprov4ml"
    title = "yProv4ML"
    module = distribution = "yprov4ml"
    handed_over = True

    def switch_on(self, watch: Stopwatch) -> Any:
        """Begin its run, with its defaults; it also writes into the working folder."""
        import keras
        import yprov4ml

        os.chdir(self.output)
        yprov4ml.start_run(EXPERIMENT, provenance_save_dir=str(self.output))
        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """A callback that logs every epoch's metrics; hyperparameters are logged at once."""
        import keras
        import yprov4ml

        class Callback(keras.callbacks.Callback):
            """Logs Keras' metrics."""

            def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
                """Log the metrics of the epoch."""
                for name, value in (logs or {}).items():
                    yprov4ml.log_metric(name, value, step=epoch)

        for name, value in handed_over(configuration).items():
            yprov4ml.log_param(name, value)
        watch.watch_callback(Callback)
        return [Callback()]

    def finish(self) -> None:
        """End its run, which writes the metrics and the PROV document."""
        import yprov4ml

        yprov4ml.end_run()

    def found(self) -> Found:
        """Count the rows of its file of losses, and look for a PROV document."""
        ended = self._document() is not None
        state = "PROV document written" if ended else "no PROV document"
        return Found(self._rows().get("loss", 0), state)

    def records(self) -> Records:
        """Count the rows of its files of metrics, and read its PROV document."""
        rows, text = self._rows(), self._document() or "{}"
        entities = json.loads(text).get("entity", {})
        return Records(
            hyperparameters=sum("prov:value" in entity for entity in entities.values()),
            metrics=sum(n == rows["loss"] for n in rows.values()),
            commit="source_code" in entities,
            prov=prov_records(text),
        )

    def _rows(self) -> dict[str, int]:
        """The rows with a value in each metric's file."""
        found = {}
        for path in self.output.glob("*/metrics_*/*.csv"):
            with path.open(newline="") as file:
                count = sum(bool(row["value"]) for row in csv.DictReader(file))
            found[path.name.partition(f"_{EXPERIMENT}")[0]] = count
        return found

    def _document(self) -> str | None:
        """Its PROV document, if there is one."""
        for path in self.output.glob("*/prov_*.json"):
            return path.read_text()
        return None
