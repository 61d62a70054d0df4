"""One training in this process, alone or captured: `python -m benchmarks.one_training --help`.

Prints what it cost as a line of JSON: seconds of `fit()`, CPU seconds of the process, seconds that
our code took on the training thread, CPU seconds of the exporter's thread, and the SHA-256 of the
final weights, which are the same whichever arm it was.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import hashlib
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from .configurations import Configuration
from .dense_ed_training import BATCH, VALIDATION, capture
from .seismic_data import FOLDER, Parameters, samples

__all__ = ["ARMS", "as_arguments"]

ARMS = ("plain", "captured")
EXPORTER = "keras-prov-exporter"


class Inside:
    """Seconds in our code on the thread that trains, by what was called; inner calls count once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.epochs: list[float] = []
        self._depth = 0

    def watch(self, owner: Any, name: str, *, epoch: str = "") -> None:
        """Count a method; with `epoch` as a part of one, that `begins`, goes on or `ends`."""
        method = vars(owner)[name]

        @functools.wraps(method)
        def measured(*args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            began = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self._add(time.perf_counter() - began, epoch)

        setattr(owner, name, measured)

    def _add(self, seconds: float, epoch: str) -> None:
        self.seconds += seconds
        if epoch == "begins":
            self.epochs.append(0.0)
        if epoch and self.epochs:
            self.epochs[-1] += seconds


def main() -> None:
    """Train, and print what it cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.one_training")
    parser.add_argument("arm", choices=ARMS)
    parser.add_argument("configuration", help="JSON object of a Configuration")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of the data: %(default)s")
    options = parser.parse_args()
    values = json.loads(options.configuration)
    configuration = Configuration(**{**values, "blocks": tuple(values["blocks"])})
    print(json.dumps(trained(options.arm, configuration, options.folder)))


def trained(arm: str, configuration: Configuration, folder: Path) -> dict[str, Any]:
    """What a training of an arm cost."""
    keras, inside = _keras(arm)
    from .dense_ed import dense_ed

    keras.utils.set_random_seed(configuration.repetition)
    keras.config.set_floatx("float32")
    data = samples(Parameters(configuration.samples), folder)
    model = dense_ed(
        data.images.shape[1:], configuration.blocks, configuration.growth_rate,
        configuration.dropout,
    )  # fmt: skip
    if arm == "captured":
        capture(model, configuration)
    rate = keras.optimizers.schedules.InverseTimeDecay(
        configuration.learning_rate, decay_steps=1, decay_rate=configuration.decay
    )
    model.compile(keras.optimizers.SGD(rate, momentum=configuration.momentum), "mse")
    began = time.perf_counter()
    model.fit(
        data.velocities, data.images, batch_size=BATCH, epochs=configuration.epochs,
        validation_split=VALIDATION, verbose=0,
    )  # fmt: skip
    return {
        "fit": time.perf_counter() - began,
        "cpu": time.process_time(),
        "inside": inside.seconds,
        "epochs": inside.epochs,
        "exporter": _thread_seconds(EXPORTER),
        "weights": _digest(model),
    }


def as_arguments(arm: str, configuration: Configuration, folder: Path) -> list[str]:
    """The command's arguments for a training."""
    text = json.dumps(dataclasses.asdict(configuration))
    return [arm, text, "--folder", str(folder)]


def _keras(arm: str) -> tuple[Any, Inside]:
    """Keras of an arm, and what counts our time in it."""
    inside = Inside()
    if arm == "plain":
        import keras

        return keras, inside
    import keras_prov as captured
    from keras_prov._training import Training
    from keras_prov.patches import fit

    inside.watch(fit._WatchedFit, "__init__")
    inside.watch(fit._WatchedFit, "__exit__")
    for name in ("begin", "model_is_built"):
        inside.watch(Training, name)
    inside.watch(Training, "epoch_begins", epoch="begins")
    for name in ("rate_is_set", "epoch_is_done"):
        inside.watch(Training, name, epoch="goes on")
    inside.watch(Training, "epoch_ends", epoch="ends")
    return captured, inside


def _thread_seconds(name: str) -> float:
    """CPU seconds of a thread of this process (proc(5)); 0 where there is none of that name."""
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
