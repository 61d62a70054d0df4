"""MLflow and yProv4ML, used in the first way that their documentation shows."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from typing import Any

from .arm import Arm, Found
from .configurations import Configuration
from .stopwatch import Stopwatch

__all__ = ["MLflow", "MLflowWithModels", "YProv4ML"]

EXPERIMENT = "densed"


class MLflow(Arm):
    """MLflow's autologging for Keras 3 on a local SQLite store, without the models."""

    name = "mlflow"
    title = "MLflow autologging"
    module = "mlflow"
    log_models = False

    def switch_on(self, watch: Stopwatch) -> Any:
        """Switch autologging on, with a store that the first training creates."""
        import keras

        mlflow = self._mlflow()
        from mlflow.keras.callback import MlflowCallback

        mlflow.set_tracking_uri(self._store)
        if mlflow.get_experiment_by_name(EXPERIMENT) is None:
            artifacts = (self.output.parent / "artifacts").as_uri()
            mlflow.create_experiment(EXPERIMENT, artifact_location=artifacts)
        mlflow.set_experiment(EXPERIMENT)
        mlflow.keras.autolog(log_models=self.log_models)
        watch.watch_callback(MlflowCallback)
        return keras

    def found(self) -> Found:
        """The newest run in the store: its status, and the history of its loss."""
        client = self._mlflow().MlflowClient(self._store)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        run, *_ = client.search_runs([experiment.experiment_id], max_results=1)
        return Found(len(client.get_metric_history(run.info.run_id, "loss")), run.info.status)

    @property
    def _store(self) -> str:
        return f"sqlite:///{self.output.parent / 'mlflow.db'}"

    @staticmethod
    def _mlflow() -> Any:
        os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
        import mlflow

        return mlflow


class MLflowWithModels(MLflow):
    """The same with its defaults: the model is stored at the end."""

    name = "mlflow-models"
    title = "MLflow autologging, models too"
    log_models = True


class YProv4ML(Arm):
    """yProv4ML, which does not support Keras: a callback of ours logs the metrics."""

    name = "yprov4ml"
    title = "yProv4ML"
    module = "yprov4ml"

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

        for name in ("learning_rate", "decay", "momentum", "epochs"):
            yprov4ml.log_param(name, getattr(configuration, name))
        watch.watch_callback(Callback)
        return [Callback()]

    def finish(self) -> None:
        """End its run, which writes the metrics and the PROV document."""
        import yprov4ml

        yprov4ml.end_run()

    def found(self) -> Found:
        """Count the rows of its file of losses, and look for a PROV document."""
        rows = 0
        for path in self.output.glob("*/metrics_*/loss_*.csv"):
            with path.open(newline="") as file:
                rows += sum(bool(row["value"]) for row in csv.DictReader(file))
        ended = any(self.output.glob("*/prov_*.json"))
        return Found(rows, "PROV document written" if ended else "no PROV document")
