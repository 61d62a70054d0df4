"""One training in this process, alone or with a tool: `python -m benchmarks.one_training --help`.

Its last line is JSON with what the training cost: seconds of `fit()`, CPU seconds of the process,
seconds of every epoch and of the tool's code in it on the training thread, CPU seconds of
Keras-Prov's exporter, and the SHA-256 of the final weights, which must not depend on the tool.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from .arm import MODEL_FILE, Arm
from .configurations import Configuration
from .dense_ed_training import BATCH, VALIDATION
from .peer_arms import ARMS, arm_of
from .seismic_data import Parameters, samples
from .stopwatch import Stopwatch

__all__ = ["as_arguments", "trained"]

EXPORTER = "keras-prov-exporter"
PROFILED = 12
"""The number of functions in a profile."""


def main() -> None:
    """Train, and print what it cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.one_training")
    parser.add_argument("arm", choices=ARMS)
    parser.add_argument("configuration", help="JSON object of a Configuration")
    parser.add_argument("folder", type=Path, help="folder of the data")
    parser.add_argument("output", type=Path, help="folder for the tool's output")
    parser.add_argument("--profile", action="store_true", help="also profile the tool's code")
    parser.add_argument("--save", action="store_true", help=f"save the model as {MODEL_FILE}")
    parser.add_argument("--tell", action="store_true", help="print the progress of the training")
    options = parser.parse_args()
    values = json.loads(options.configuration)
    configuration = Configuration(**{**values, "blocks": tuple(values["blocks"])})
    arm = arm_of(options.arm, options.output.absolute())
    watch = Stopwatch(profile=options.profile)
    folder = options.folder.absolute()
    cost = trained(arm, configuration, folder, watch, save=options.save, tell=options.tell)
    print(json.dumps(cost))


def trained(
    arm: Arm,
    configuration: Configuration,
    folder: Path,
    watch: Stopwatch,
    *,
    save: bool = False,
    tell: bool = False,
) -> dict[str, Any]:
    """The cost of an arm's training."""
    keras = arm.switch_on(watch)
    watch.watch_epochs()
    from .dense_ed import dense_ed

    keras.utils.set_random_seed(configuration.repetition)
    keras.config.set_floatx("float32")
    data = samples(Parameters(configuration.samples), folder)
    model = dense_ed(
        data.images.shape[1:],
        configuration.blocks,
        configuration.growth_rate,
        configuration.dropout,
    )
    callbacks = arm.callbacks(model, configuration, watch) + ([_progress()] if tell else [])
    rate = keras.optimizers.schedules.InverseTimeDecay(
        configuration.learning_rate, decay_steps=1, decay_rate=configuration.decay
    )
    model.compile(keras.optimizers.SGD(rate, momentum=configuration.momentum), "mse")
    began = time.perf_counter()
    model.fit(
        data.velocities,
        data.images,
        batch_size=BATCH,
        epochs=configuration.epochs,
        validation_split=VALIDATION,
        verbose=0,
        callbacks=callbacks,
    )
    fit = time.perf_counter() - began
    if save:
        model.save(arm.output / MODEL_FILE)
    arm.finish()
    return {
        "fit": fit,
        "cpu": time.process_time(),
        "inside": watch.inside,
        "epochs": [dataclasses.asdict(epoch) for epoch in watch.epochs],
        "exporter": _thread_seconds(EXPORTER),
        "weights": _digest(model),
        "profile": watch.profile(PROFILED),
    }


def as_arguments(arm: str, configuration: Configuration, folder: Path, output: Path) -> list[str]:
    """A training as arguments of the command."""
    text = json.dumps(dataclasses.asdict(configuration))
    return [arm, text, str(folder), str(output)]


def _progress() -> Any:
    """A callback that prints `begun N` when epoch N begins, and `middle N` in the middle of it."""
    import keras

    class ProgressPrinter(keras.callbacks.Callback):
        """Is called after the tool's callbacks."""

        epoch = 0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            """Print how many epochs have ended, including all callbacks."""
            self.epoch = epoch
            print(f"begun {epoch}", flush=True)

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            """Print the batch in the middle."""
            if batch == self.params["steps"] // 2:
                print(f"middle {self.epoch}", flush=True)

    return ProgressPrinter()


def _thread_seconds(name: str) -> float:
    """CPU seconds of a thread of this process (proc(5)); 0 if there is no such thread."""
    ticks = os.sysconf("SC_CLK_TCK")
    for thread in threading.enumerate():
        if thread.name == name:
            stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
            fields = stat.rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / ticks
    return 0.0


def _digest(model: Any) -> str:
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
