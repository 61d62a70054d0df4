"""`python -m keras_prov.demo`: a real training, captured while it runs and queried in SQL.

A small dense convolutional network learns scikit-learn's handwritten digits under a step-decay
schedule. Its dense block is recorded as a transformation of the user's own, and a second process
queries the loss during the training.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

import keras_prov as keras
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
)
from dfanalyzer_client.cli.tables import print_table
from dfanalyzer_client.config import settings
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import reader_connection
from dfanalyzer_client.support.distribution import install_command

GROWTH_RATE, LAYERS = 12, 3
HYPERPARAMETERS = {
    "OPTIMIZER_NAME": True,
    "LEARNING_RATE": True,
    "DECAY": True,
    "MOMENTUM": True,
    "NUM_EPOCHS": True,
    "BATCH_SIZE": True,
    "NUM_LAYERS": True,
}
NEWEST = '(SELECT max(id) FROM "public".dataflow_execution)'
QUESTIONS = {
    "Which hyperparameters did it have?": f"""
SELECT i.*
FROM "digits".itrainingmodel i JOIN "public".task t ON t.id = i.trainingmodel_task_id
WHERE t.df_exec = {NEWEST}""",
    "What was the loss of each of the first four epochs?": f"""
SELECT o.epoch_id, o.loss, o.accuracy, o.val_loss, o.val_accuracy
FROM "digits".otrainingmodel o JOIN "public".task t ON t.id = o.trainingmodel_task_id
WHERE t.df_exec = {NEWEST} AND o.epoch_id < 4
ORDER BY o.epoch_id""",
    "When was the learning rate adapted, and to what?": f"""
SELECT a.epoch_id, a.new_lrate, a.atimestamp
FROM "digits".oadaptation a JOIN "public".task t ON t.id = a.adaptation_task_id
WHERE t.df_exec = {NEWEST}
ORDER BY a.epoch_id""",
}
CURRENT_LOSS = f"""
SELECT d.growth_rate, d.layers, o.epoch_id AS current_epoch, o.loss
FROM "digits".idenseblock d
  JOIN "public".task td ON td.id = d.denseblock_task_id
  JOIN "public".task tt ON tt.df_exec = td.df_exec
  JOIN "digits".otrainingmodel o ON o.trainingmodel_task_id = tt.id
WHERE d.growth_rate = {GROWTH_RATE} AND d.layers = {LAYERS}
ORDER BY o.id DESC LIMIT 1"""

console = Console(highlight=False)


def main() -> None:
    """Train, and query the database meanwhile and afterwards."""
    parser = argparse.ArgumentParser(prog="python -m keras_prov.demo", description=__doc__)
    parser.add_argument("--epochs", type=int, default=60, help="default: %(default)s")
    epochs = parser.parse_args().epochs

    keras.utils.set_random_seed(2020)
    (x_train, y_train), (x_test, y_test) = handwritten_digits()
    model = dense_network(GROWTH_RATE, LAYERS)
    model.provenance(dataflow_tag="digits", adaptation=True, hyps=HYPERPARAMETERS)
    dataflow = model.get_dataflow()
    describe_dense_block(dataflow)
    model.compile(
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    console.print(
        f"Execution [bold]{dataflow.exec_tag}[/bold]: {len(x_train)} images, {epochs} epochs"
    )
    with Progress(
        TextColumn("training"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
        console=console,
    ) as progress:
        model.fit(
            x_train,
            y_train,
            batch_size=32,
            epochs=epochs,
            validation_split=0.2,
            verbose=0,
            callbacks=[
                keras.callbacks.LearningRateScheduler(step_decay),
                ProgressBar(progress, epochs),
                SecondProcess(progress.console, at_epoch=epochs // 3),
            ],
        )
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    console.print(f"Test loss {loss:.4f}, accuracy {accuracy:.4f}.\n")
    if not keras.flush(timeout=30):
        sys.exit("The last rows are not in the database yet: `keras-prov journal` says why.")
    ask()
    how_to_go_on()


def handwritten_digits() -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """1,797 images of 8×8 pixels in 0 … 1 and their digits, split into training and test data."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ModuleNotFoundError:
        sys.exit(f"The demo needs scikit-learn: {install_command('demo')}")
    images, digits = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8, 1) / 16).astype(np.float32)
    x_train, x_test, y_train, y_test = train_test_split(
        images, digits, test_size=0.2, random_state=2020
    )
    return (x_train, y_train), (x_test, y_test)


def dense_network(growth_rate: int, layers: int) -> Any:
    """A convolution, a dense block of `layers` layers with `growth_rate` features, a classifier."""
    inputs = keras.Input((8, 8, 1))
    features = keras.layers.Conv2D(16, 3, padding="same")(inputs)
    for _ in range(layers):
        new = keras.layers.BatchNormalization()(features)
        new = keras.layers.ReLU()(new)
        new = keras.layers.Conv2D(growth_rate, 3, padding="same")(new)
        features = keras.layers.Concatenate()([features, new])
    features = keras.layers.GlobalAveragePooling2D()(features)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(features))


def describe_dense_block(dataflow: Any) -> None:
    """Add a transformation of the user's own to the dataflow, and its values in this execution."""
    attributes = [
        Attribute("GROWTH_RATE", AttributeType.NUMERIC),
        Attribute("LAYERS", AttributeType.NUMERIC),
    ]
    dataflow.add_transformation(
        Transformation("DenseBlock", [Set("iDenseBlock", SetType.INPUT, attributes)])
    )
    task = Task(1, dataflow.tag, dataflow.exec_tag, "DenseBlock")
    task.add_dataset(DataSet("iDenseBlock", [Element([GROWTH_RATE, LAYERS])]))
    task.begin()
    task.end()


def step_decay(epoch: int, rate: float) -> float:
    """Halve the learning rate every ten epochs."""
    return rate / 2 if epoch and epoch % 10 == 0 else rate


class ProgressBar(keras.callbacks.Callback):
    """Shows epoch and loss in a bar."""

    def __init__(self, progress: Progress, epochs: int) -> None:
        super().__init__()
        self._progress = progress
        self._bar = progress.add_task("training", total=epochs, state="")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Advance the bar."""
        state = f"epoch {epoch + 1}, loss {(logs or {}).get('loss', float('nan')):.4f}"
        self._progress.update(self._bar, advance=1, state=state)


class SecondProcess(keras.callbacks.Callback):
    """Lets another process query the database during the training."""

    def __init__(self, output: Console, at_epoch: int) -> None:
        super().__init__()
        self._output, self._at_epoch = output, at_epoch
        self._thread = threading.Thread(target=self._ask)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the other process without waiting for it."""
        if epoch == self._at_epoch:
            self._thread.start()

    def on_train_end(self, logs: Any = None) -> None:
        """Wait for it, so that its answer comes before the others."""
        if self._thread.ident is not None:
            self._thread.join()

    def _ask(self) -> None:
        command = [sys.executable, "-m", "dfanalyzer_client.cli", "sql", CURRENT_LOSS]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        self._output.print("Meanwhile, a second process asks for the loss at the current epoch:")
        self._output.print(answer.stdout or answer.stderr, markup=False)


def ask() -> None:
    """Query the database as a user who may only read."""
    connection = reader_connection(settings.store_url(), settings.home())
    for question, statement in QUESTIONS.items():
        _answer(connection, question, statement)
    _answer(
        connection,
        f"The loss at the current epoch, with growth rate {GROWTH_RATE} and {LAYERS} layers?",
        CURRENT_LOSS,
    )
    connection.close()


def _answer(connection: Any, question: str, statement: str) -> None:
    console.print(f"[bold]{question}[/bold]")
    console.print(statement.strip(), style="cyan", markup=False, soft_wrap=True)
    columns, rows, _ = connection.table(statement.strip())
    print_table(columns, rows)
    console.print()


def how_to_go_on() -> None:
    """Print how to query the database."""
    command = (
        "keras-prov" if shutil.which("keras-prov") else f"{Path(sys.executable).parent}/keras-prov"
    )
    console.print("Ask more:")
    for arguments in ("runs", "show last", "sql"):
        console.print(f"{command} {arguments}", soft_wrap=True, markup=False)
    console.print("Look at it in a browser:")
    console.print(f"{command} view", soft_wrap=True, markup=False)
    if settings.store_url() is None:
        console.print(PrivateServer(settings.home()).status().mclient, soft_wrap=True, markup=False)
    else:
        console.print("any client of the server that KERAS_PROV_STORE names")


if __name__ == "__main__":
    main()
