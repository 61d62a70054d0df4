"""The tools that are measured: how each is switched on in a script, and read back afterwards.

All of them see the same training. Each is used as its documentation says first, with what it stores
in a folder of this measurement, and without the network. `python -m benchmarks.peer_arms ARM
FOLDER` prints what the tool has of its last training, in JSON.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .configurations import TAG, Configuration
from .stopwatch import Stopwatch

__all__ = ["ARMS", "Arm", "Found", "arm_of"]

UNKNOWN = "not recorded"
EXPERIMENT = "densed"


@dataclass(frozen=True)
class Found:
    """What a tool has of the training that it saw last: epochs with their loss, and its state."""

    epochs: int
    state: str


class Arm:
    """Plain Keras, which records nothing; the tools derive from it.

    Attributes:
        name: on command lines.
        title: in tables.
        module: what has to be importable, besides what the benchmarks need anyway.
        output: a folder of one training; stores that trainings share lie beside it.
    """

    name = "plain"
    title = "plain Keras"
    module: str | None = None

    def __init__(self, output: Path) -> None:
        self.output = output

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the tool can be measured here."""
        return cls.module is None or importlib.util.find_spec(cls.module) is not None

    def switch_on(self, watch: Stopwatch) -> Any:
        """Keras, with the tool at work; called before anything is made."""
        import keras

        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """What is given to `fit()`; called before the model is compiled."""
        return []

    def finish(self) -> None:
        """What the tool wants to be called after a training."""

    def found(self) -> Found:
        """Read back, by the tool's own means, what there is of the last training."""
        return Found(0, UNKNOWN)


class Captured(Arm):
    """Keras-Prov, on its private server, with all that the paper captures."""

    name = "captured"
    title = "Keras-Prov"

    def switch_on(self, watch: Stopwatch) -> Any:
        """Import it in Keras' place."""
        import keras_prov
        from keras_prov import _training
        from keras_prov.patches import fit

        watch.watch(fit._WatchedFit, "__init__", "__exit__")
        for owner in (_training._Head, _training._Tail):
            watch.watch_callback(owner)
        return keras_prov

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """None by hand; the model is captured."""
        from .dense_ed_training import capture

        capture(model, configuration)
        return []

    def found(self) -> Found:
        """`keras-prov sync`, in case a process was killed, and `keras-prov runs`."""
        self._command("sync")
        *_, newest = json.loads(self._command("runs", "--dataflow", TAG, "--json"))
        return Found(newest["epochs"], newest["status"])

    def _command(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "dfanalyzer_client.cli", *arguments],
            env={**os.environ, "KERAS_PROV_HOME": str(self.output.parent)},
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout  # fmt: skip


class CSVLogger(Arm):
    """Keras' own log file."""

    name = "csv"
    title = "CSVLogger"

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """The callback."""
        import keras

        watch.watch_callback(keras.callbacks.CSVLogger)
        return [keras.callbacks.CSVLogger(str(self.output / "log.csv"))]

    def found(self) -> Found:
        """Rows of the file that have a loss."""
        with (self.output / "log.csv").open(newline="") as file:
            return Found(sum(bool(row["loss"]) for row in csv.DictReader(file)), UNKNOWN)


class TensorBoard(Arm):
    """Keras' callback for TensorBoard, with its defaults."""

    name = "tensorboard"
    title = "TensorBoard"
    module = "tensorboard"

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """The callback."""
        import keras

        watch.watch_callback(keras.callbacks.TensorBoard)
        return [keras.callbacks.TensorBoard(str(self.output))]

    def found(self) -> Found:
        """What TensorBoard itself loads of the training's event files."""
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(self.output / "train"), size_guidance={"tensors": 0})
        events.Reload()
        has_loss = "epoch_loss" in events.Tags()["tensors"]
        return Found(len(events.Tensors("epoch_loss")) if has_loss else 0, UNKNOWN)


class MLflow(Arm):
    """MLflow's autologging for Keras 3 on a local SQLite store, without the models."""

    name = "mlflow"
    title = "MLflow autologging"
    module = "mlflow"
    log_models = False

    def switch_on(self, watch: Stopwatch) -> Any:
        """Autologging, on a store that is there from the second training on."""
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
    """The same as it is by default: the model is stored at the end."""

    name = "mlflow-models"
    title = "MLflow autologging, models too"
    log_models = True


class YProv4ML(Arm):
    """yProv4ML, which knows no Keras: a callback of ours hands it what Keras logs."""

    name = "yprov4ml"
    title = "yProv4ML"
    module = "yprov4ml"

    def switch_on(self, watch: Stopwatch) -> Any:
        """Begin its run, with its defaults; it writes into the working folder, too."""
        import keras
        import yprov4ml

        os.chdir(self.output)
        yprov4ml.start_run(EXPERIMENT, provenance_save_dir=str(self.output))
        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """A callback that hands over each epoch's logs; hyperparameters are said at once."""
        import keras
        import yprov4ml

        class Callback(keras.callbacks.Callback):
            """Hands over what Keras logs."""

            def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
                """Each metric of the epoch."""
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
        """Rows of its file of the loss; whether there is a PROV document."""
        rows = 0
        for path in self.output.glob("*/metrics_*/loss_*.csv"):
            with path.open(newline="") as file:
                rows += sum(bool(row["value"]) for row in csv.DictReader(file))
        ended = any(self.output.glob("*/prov_*.json"))
        return Found(rows, "PROV document written" if ended else "no PROV document")


ARMS: dict[str, type[Arm]] = {
    arm.name: arm
    for arm in (Arm, Captured, CSVLogger, TensorBoard, MLflow, MLflowWithModels, YProv4ML)
}


def arm_of(name: str, output: Path) -> Arm:
    """The arm of this name, for a training whose folder is `output`."""
    return ARMS[name](output)


def main() -> None:
    """Read back."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peer_arms")
    parser.add_argument("arm", choices=ARMS)
    parser.add_argument("output", type=Path, help="folder of the training")
    options = parser.parse_args()
    found = arm_of(options.arm, options.output.absolute()).found()
    print(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main()
