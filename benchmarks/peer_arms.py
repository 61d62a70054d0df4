"""The tools that are measured: how a script switches them on, and how they are read back.

All of them see the same training. They are used in the first way that their documentation shows,
with a folder of this measurement as their store, and without the network. `python -m
benchmarks.peer_arms ARM FOLDER` prints the tool's records of its last training, in JSON.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .arm import UNKNOWN, Arm, Found
from .configurations import TAG, Configuration
from .stopwatch import Stopwatch
from .tracking_arms import MLflow, MLflowWithModels, YProv4ML

__all__ = ["ARMS", "Arm", "Found", "arm_of"]


class Captured(Arm):
    """Keras-Prov, on its private server, with everything that the paper captures."""

    name = "captured"
    title = "Keras-Prov"

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
        *_, newest = json.loads(self._command("runs", "--dataflow", TAG, "--json"))
        return Found(newest["epochs"], newest["status"])

    def _command(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "dfanalyzer_client.cli", *arguments],
            env={**os.environ, "KERAS_PROV_HOME": str(self.output.parent)},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout


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
        """Count the rows of the file that have a loss."""
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
        """Count what TensorBoard itself loads from the training's event files."""
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(self.output / "train"), size_guidance={"tensors": 0})
        events.Reload()
        has_loss = "epoch_loss" in events.Tags()["tensors"]
        return Found(len(events.Tensors("epoch_loss")) if has_loss else 0, UNKNOWN)


ARMS: dict[str, type[Arm]] = {
    arm.name: arm
    for arm in (Arm, Captured, CSVLogger, TensorBoard, MLflow, MLflowWithModels, YProv4ML)
}


def arm_of(name: str, output: Path) -> Arm:
    """The arm of this name, for a training with the folder `output`."""
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
