"""Runs of TensorBoard become executions: those of Keras' callback, and of other writers."""

from __future__ import annotations

import struct
from pathlib import Path

import keras
import numpy as np
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tests.conftest import Asker

from .command import imported

ONE = "1 run imported, 0 continued, 0 there already."
CONTINUED = "0 runs imported, 1 continued, 0 there already."
KNOWN = "0 runs imported, 0 continued, 1 there already."


def trained(folder: Path, epochs: int = 2) -> tuple[keras.Model, dict[str, list[float]]]:
    """A model that was trained with Keras' callback, and the metrics of its epochs."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = np.ones((8, 2)), np.ones((8, 1))
    board = keras.callbacks.TensorBoard(folder, write_graph=False)
    history = model.fit(
        *data, validation_data=data, epochs=epochs, verbose=0, callbacks=[board]
    ).history
    return model, history


def scalars(folder: Path, *points: tuple[str, float, int]) -> Path:
    """The event file of a writer that is not Keras'."""
    writer = EventFileWriter(str(folder))
    for tag, value, step in points:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        writer.add_event(Event(wall_time=1_700_000_000.0 + step, step=step, summary=summary))
    writer.close()
    (file,) = folder.glob("*tfevents*")
    return file


def metrics(ask: Asker, tag: str) -> list[tuple[str, float | None, float]]:
    """Name, epoch and value of all metrics of a dataflow, in the order in which they are stored."""
    return ask.rows(  # type: ignore[return-value]  # three columns
        "SELECT name, epoch, value FROM metrics WHERE dataflow = %s ORDER BY task_id, epoch", tag
    )


def test_a_training_of_keras(tmp_path: Path, tag: str, ask: Asker) -> None:
    """Metrics have Keras' names, and the values of its history; a test of its own is a test."""
    model, history = trained(tmp_path / "logs" / "a")
    board = keras.callbacks.TensorBoard(tmp_path / "logs" / "a")
    tested = model.evaluate(np.zeros((8, 2)), np.ones((8, 1)), verbose=0, callbacks=[board])
    assert imported("tensorboard", tmp_path / "logs", "--dataflow", tag)[0] == ONE
    found = metrics(ask, tag)
    for name in ("loss", "val_loss"):
        values = [value for other, _, value in found if other == name]
        assert values == [float(np.float32(value)) for value in history[name]]
    assert [row for row in found if row[0] == "otest_loss"] == [("otest_loss", None, tested)]
    assert imported("tensorboard", tmp_path / "logs", "--dataflow", tag)[0] == KNOWN


def test_a_training_that_was_started_again(tmp_path: Path, tag: str, ask: Asker) -> None:
    """The same folder holds one execution, with a training for each time."""
    trained(tmp_path / "a")
    trained(tmp_path / "a")
    assert imported("tensorboard", tmp_path, "--dataflow", tag)[0] == ONE
    epochs = ask.rows(f'SELECT epoch_id, trainingmodel_task_id FROM "{tag}".otrainingmodel')
    assert [epoch for epoch, _ in epochs] == [0, 1, 0, 1]
    assert len({task for _, task in epochs}) == 2


def test_scalars_of_other_writers(tmp_path: Path, tag: str, ask: Asker) -> None:
    """They keep their tags; the folder's name is the dataflow's, where none is given."""
    folder = tmp_path / tag
    scalars(folder / "x", ("Loss/train", 0.5, 0), ("Loss/train", 0.25, 10))
    assert imported("tensorboard", folder)[0] == ONE
    assert metrics(ask, tag) == [("loss/train", 0, 0.5), ("loss/train", 10, 0.25)]


def test_a_file_that_is_cut_off(tmp_path: Path, tag: str, ask: Asker) -> None:
    """It is read to where it is whole; once the rest is there, only that is added."""
    file = scalars(tmp_path / "x", *[("loss", 1.0 / (step + 1), step) for step in range(4)])
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    assert imported("tensorboard", tmp_path, "--dataflow", tag)[0] == ONE
    assert [epoch for _, epoch, _ in metrics(ask, tag)] == [0, 1, 2]
    file.write_bytes(whole)
    assert imported("tensorboard", tmp_path, "--dataflow", tag)[0] == CONTINUED
    assert [epoch for _, epoch, _ in metrics(ask, tag)] == [0, 1, 2, 3]


def test_a_damaged_record_ends_the_file(tmp_path: Path, tag: str, ask: Asker) -> None:
    """What stands behind a record with a wrong checksum is not read."""
    file = scalars(tmp_path / "x", ("loss", 0.5, 0), ("loss", 0.25, 1))
    content = bytearray(file.read_bytes())
    place = content.rindex(struct.pack("<f", 0.25))
    content[place] ^= 1
    file.write_bytes(content)
    imported("tensorboard", tmp_path, "--dataflow", tag)
    assert metrics(ask, tag) == [("loss", 0, 0.5)]


def test_hyperparameters_of_the_plugin(tmp_path: Path, tag: str, ask: Asker) -> None:
    """Those that `hparams` has recorded are the training's."""
    from tensorboard.plugins.hparams import summary

    writer = EventFileWriter(str(tmp_path / "x"))
    said = summary.session_start_pb({"learning_rate": 0.1, "optimizer": "adam"})
    started = Summary.FromString(said.SerializeToString())  # TensorFlow's, if that is imported
    writer.add_event(Event(wall_time=1_700_000_000.0, summary=started))
    writer.close()
    imported("tensorboard", tmp_path, "--dataflow", tag)
    found = ask.rows(
        "SELECT name, value, number FROM hyperparameters WHERE dataflow = %s ORDER BY name", tag
    )
    assert found == [("learning_rate", "0.1", 0.1), ("optimizer", "adam", None)]


def test_what_is_no_event_file_is_named(tmp_path: Path, tag: str) -> None:
    """A run whose file is none is named, and the others are imported."""
    scalars(tmp_path / "good", ("loss", 0.5, 0))
    bad = tmp_path / "bad" / "events.out.tfevents.1"
    bad.parent.mkdir()
    bad.write_bytes(b"this is no event file")
    output, errors = imported("tensorboard", tmp_path, "--dataflow", tag, code=1)
    assert output == ONE
    assert errors.splitlines()[0] == f"{bad} is no event file of TensorBoard, or is damaged."


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_event_files(name: str, tmp_path: Path) -> None:
    """One line says what was expected there."""
    (tmp_path / "empty").mkdir()
    errors = imported("tensorboard", tmp_path / name, code=1)[1]
    assert errors.startswith(f"Error: {tmp_path / name} has no event files of TensorBoard")
