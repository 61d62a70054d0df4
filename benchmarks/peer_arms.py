"""The tools that are measured: how a script switches them on, and how they are read back.

All of them see the same training. They are used in the first way that their documentation shows,
with a folder of this measurement as their store, and without the network. `python -m
benchmarks.peer_arms ARM FOLDER` prints how many epochs the tool has of its last training, and its
state; with `--records`, what else it recorded.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

from .arm import UNKNOWN, Arm, Found, Records, in_every
from .captured_arms import Captured, CapturedAll
from .configurations import Configuration
from .logger_arms import Aim, Flowcept, Trackio
from .stopwatch import Stopwatch
from .tracking_arms import MLflow, MLflowWithModels, YProv4ML
from .wandb_arm import WandB

__all__ = ["ARMS", "Arm", "Found", "arm_of"]


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

    def records(self) -> Records:
        """Look for columns that have a value in each row."""
        with (self.output / "log.csv").open(newline="") as file:
            rows = [{name: x for name, x in row.items() if x} for row in csv.DictReader(file)]
        metrics = in_every(rows) - {"epoch", "learning_rate"}
        return Records(metrics=len(metrics), rates=sum("learning_rate" in row for row in rows))


class TensorBoard(Arm):
    """Keras' callback for TensorBoard, with its defaults."""

    name = "tensorboard"
    title = "TensorBoard"
    module = distribution = "tensorboard"

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """The callback."""
        import keras

        watch.watch_callback(keras.callbacks.TensorBoard)
        return [keras.callbacks.TensorBoard(str(self.output))]

    def found(self) -> Found:
        """Count what TensorBoard itself loads from the training's event files."""
        return Found(self._lengths("train").get("epoch_loss", 0), UNKNOWN)

    def records(self) -> Records:
        """Look at the tensors that TensorBoard loads; one of them is the model's configuration."""
        train, validation = self._lengths("train"), self._lengths("validation")
        rates = train.pop("epoch_learning_rate", 0)
        lengths = [*train.items(), *validation.items()]
        per_epoch = [n for name, n in lengths if name.startswith("epoch_")]
        return Records(
            metrics=sum(n == train["epoch_loss"] for n in per_epoch),
            rates=rates,
            layers=self._layers(),
        )

    def _lengths(self, part: str) -> dict[str, int]:
        """How many values the tensors have."""
        events = self._events(part)
        return {name: len(events.Tensors(name)) for name in events.Tags()["tensors"]}

    def _layers(self) -> int:
        """The layers of the model that is drawn as its graph."""
        events = self._events("train")
        if "keras" not in events.Tags()["tensors"]:
            return 0
        (model,) = events.Tensors("keras")
        (text,) = model.tensor_proto.string_val
        return len(json.loads(text)["config"]["layers"])

    def _events(self, part: str) -> Any:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(self.output / part), size_guidance={"tensors": 0})
        return events.Reload()


ARMS: dict[str, type[Arm]] = {
    arm.name: arm
    for arm in (
        *(Arm, Captured, CapturedAll, CSVLogger, TensorBoard, MLflow, MLflowWithModels),
        *(YProv4ML, WandB, Aim, Trackio, Flowcept),
    )
}


def arm_of(name: str, output: Path) -> Arm:
    """The arm of this name, for a training with the folder `output`."""
    return ARMS[name](output)


def main() -> None:
    """Read back."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peer_arms")
    parser.add_argument("arm", choices=ARMS)
    parser.add_argument("output", type=Path, help="folder of the training")
    parser.add_argument("--records", action="store_true", help="what else was recorded")
    options = parser.parse_args()
    arm = arm_of(options.arm, options.output.absolute())
    print(json.dumps(dataclasses.asdict(arm.records() if options.records else arm.found())))


if __name__ == "__main__":
    main()
