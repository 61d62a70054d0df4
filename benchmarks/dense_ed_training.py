"""One training of DenseED on migrated images, captured as in the paper."""

from __future__ import annotations

import functools
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .configurations import TAG, Configuration

__all__ = ["BATCH", "VALIDATION", "Outcome", "capture", "train"]

BATCH = 16
VALIDATION = 0.2
HYPERPARAMETERS = (
    "OPTIMIZER_NAME",
    "LEARNING_RATE",
    "DECAY",
    "MOMENTUM",
    "NUM_EPOCHS",
    "BATCH_SIZE",
    "NUM_LAYERS",
)
OWN = [
    ("REPETITION", "NUMERIC"),
    ("SAMPLES", "NUMERIC"),
    ("GROWTH_RATE", "NUMERIC"),
    ("BLOCKS", "TEXT"),
    ("DROPOUT", "NUMERIC"),
]
STORE_SECONDS = 60.0
PARENT_SECONDS = 0.5


@dataclass(frozen=True)
class Outcome:
    """How a training ended; `error` is None if it succeeded."""

    configuration: Configuration
    val_loss: float | None = None
    error: str | None = None


def train(
    configuration: Configuration, folder: Path, threads: int, parent: int | None = None
) -> Outcome:
    """Train one configuration on the data in `folder`; a failure is part of the outcome.

    With `parent`, this process ends when the parent process is gone: the next run of the grid
    trains what is left.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if parent is not None:
        _end_with(parent)
    try:
        _use_threads(threads)
        return Outcome(configuration, _trained(configuration, folder))
    except Exception as error:
        return Outcome(configuration, error=f"{type(error).__name__}: {error}")


def _trained(configuration: Configuration, folder: Path) -> float:
    import keras_prov as keras  # here: only the workers import Keras

    from .dense_ed import dense_ed
    from .seismic_data import Parameters, record_generation

    keras.utils.set_random_seed(configuration.repetition)
    parameters = Parameters(configuration.samples)
    data = _data(parameters, folder)
    model = dense_ed(
        data.images.shape[1:],
        configuration.blocks,
        configuration.growth_rate,
        configuration.dropout,
    )
    capture(model, configuration)
    rate = keras.optimizers.schedules.InverseTimeDecay(
        configuration.learning_rate, decay_steps=1, decay_rate=configuration.decay
    )
    model.compile(keras.optimizers.SGD(rate, momentum=configuration.momentum), "mse")
    dataflow = model.get_dataflow()
    _record_domain(dataflow, configuration)
    record_generation(dataflow, parameters, data)
    history = model.fit(
        data.velocities,
        data.images,
        batch_size=BATCH,
        epochs=configuration.epochs,
        validation_split=VALIDATION,
        verbose=0,
    ).history
    if not keras.flush(STORE_SECONDS):
        raise TimeoutError(f"what was captured is not stored after {STORE_SECONDS:g} s")
    return float(history["val_loss"][-1])


def capture(model: Any, configuration: Configuration) -> None:
    """Capture a model as in the paper: its seven hyperparameters, and ours of the grid."""
    model.provenance(
        TAG,
        adaptation=True,
        hyps=dict.fromkeys(HYPERPARAMETERS, True),
        hyperparameters=OWN,
        values={
            "REPETITION": configuration.repetition,
            "SAMPLES": configuration.samples,
            "GROWTH_RATE": configuration.growth_rate,
            "BLOCKS": configuration.blocks_text,
            "DROPOUT": configuration.dropout,
        },
    )


def _record_domain(dataflow: Any, configuration: Configuration) -> None:
    """Record the paper's domain transformations: encoders and dense blocks."""
    from dfanalyzer_client import Attribute, AttributeType, Set, SetType, Transformation

    from .seismic_data import declare_generation

    number, text = AttributeType.NUMERIC, AttributeType.TEXT
    blocks = {"BLOCK": number, "GROWTH_RATE": number, "LAYERS": number}
    encoders = {"ENCODER": number, "PADDING": text, "STRIDES": number}
    for name, attributes in (("DenseBlock", blocks), ("Encoder", encoders)):
        described = [Attribute(name, type_) for name, type_ in attributes.items()]
        dataflow.add_transformation(
            Transformation(name, [Set(f"i{name}", SetType.INPUT, described)])
        )
    declare_generation(dataflow)
    with dataflow.task("DenseBlock") as task:
        for index, layers in enumerate(configuration.blocks, 1):
            task.used(block=index, growth_rate=configuration.growth_rate, layers=layers)
    with dataflow.task("Encoder") as task:
        for index in range(len(configuration.blocks) // 2):
            task.used(encoder=index + 1, padding="same", strides=2)


@functools.lru_cache(maxsize=1)
def _data(parameters: Any, folder: Path) -> Any:
    """The pairs of images; a worker reads them once."""
    from .seismic_data import samples

    return samples(parameters, folder)


@functools.lru_cache(maxsize=1)
def _end_with(parent: int) -> None:
    """End this process when its parent process ends."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


@functools.lru_cache(maxsize=1)
def _use_threads(count: int) -> None:
    """Limit the threads of TensorFlow, before it is used."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)
