"""Training facts: what was asked and done, and why a training stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client.executions.summaries import executions
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from small_models import data, small_model
from warm import warm_python

COLUMNS = "epochs_asked, epochs_done, initial_epoch, start_epoch, steps, samples, stop_reason"


class Raising(keras.callbacks.Callback):
    """Raises at the end of the second epoch."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise self.error


def facts(ask: Any, tag: str, columns: str = COLUMNS) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = ask.set(tag, "oTrainingEnd", columns)
    return found


def test_a_finished_training(tag: str, ask: Any) -> None:
    """Epochs asked and done, steps and samples without those held out for validation."""
    model = small_model()
    model.provenance(tag)
    model.fit(*data(), epochs=3, batch_size=8, validation_split=0.2, verbose=0)
    assert facts(ask, tag) == [(3, 3, 0, 0, 12, 32, "finished")]


def test_early_stopping_with_its_best_epoch(tag: str, ask: Any) -> None:
    """EarlyStopping is the reason, and the best epoch stands beside it."""
    model = small_model()
    model.provenance(tag)
    stopping = keras.callbacks.EarlyStopping("loss", patience=2, min_delta=100.0)
    model.fit(*data(), epochs=9, verbose=0, callbacks=[stopping])
    found = facts(ask, tag, "epochs_asked, epochs_done, stop_reason, best_epoch")
    assert found == [(9, 3, "EarlyStopping", 0)]


def test_stop_training_set_by_a_callback(tag: str, ask: Any) -> None:
    """Somebody's stop_training is told apart from Keras' own callbacks."""

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = True

    model = small_model()
    model.provenance(tag)
    model.fit(*data(), epochs=4, verbose=0, callbacks=[Stop()])
    line = Stop.on_epoch_end.__code__.co_firstlineno + 1
    found = facts(ask, tag, "epochs_done, stop_reason, stop_detail")
    assert found == [(1, "stop_training", f"Stop ({__file__}:{line})")]


def test_terminate_on_nan(tag: str, ask: Any) -> None:
    """A loss that is no number is the reason."""
    model = small_model()
    model.provenance(tag)
    x, y = data()
    model.fit(x, y * np.nan, epochs=4, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])
    ((reason,),) = facts(ask, tag, "stop_reason")
    assert reason == "TerminateOnNaN"


def test_data_that_run_out(tag: str, ask: Any) -> None:
    """A generator that ends before the epochs asked for is said to be exhausted."""

    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for _ in range(3):
            yield data(8)

    model = small_model()
    model.provenance(tag)
    with pytest.warns(UserWarning, match="ran out of data"):
        model.fit(batches(), epochs=5, steps_per_epoch=2, verbose=0)
    ((reason, samples),) = facts(ask, tag, "stop_reason, samples")
    assert (reason, samples) == ("data exhausted", None)


def pipeline(batches: int) -> Any:
    """A data set of so many batches of eight, which does not know how many."""
    tf = pytest.importorskip("tensorflow")
    spec = tuple(tf.TensorSpec(each.shape, each.dtype) for each in data(8))
    return tf.data.Dataset.from_generator(lambda: repeated(batches), output_signature=spec)


def repeated(batches: int) -> Iterator[Any]:
    """So many batches of eight, once."""
    yield from [data(8)] * batches


@pytest.mark.parametrize(
    ("x", "fit", "expected"),
    [
        (lambda: pipeline(5), {"epochs": 2}, (2, 10, "finished")),
        (lambda: pipeline(5), {"epochs": 3, "steps_per_epoch": 3}, (3, 8, "data exhausted")),
        (lambda: repeated(5), {"epochs": 1}, (1, 5, "finished")),
        (lambda: repeated(5), {"epochs": 3, "steps_per_epoch": 2}, (3, 5, "data exhausted")),
        (lambda: repeated(9), {"epochs": 2, "steps_per_epoch": 2}, (2, 4, "finished")),
        (lambda: repeated(5), {"epochs": 2}, (2, 7, "data exhausted")),  # Keras repeats two of them
    ],
)
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_pipelines_of_unknown_length(
    x: Any, fit: dict[str, int], expected: tuple[Any, ...], tag: str, ask: Any
) -> None:
    """Steps are the batches that there were, and data that ended early are said to have."""
    model = small_model()
    model.provenance(tag)
    model.fit(x(), verbose=0, **fit)
    assert facts(ask, tag, "epochs_done, steps, stop_reason") == [expected]


@pytest.mark.filterwarnings("ignore:Limiting steps_per_epoch", "ignore:Your input ran out of data")
def test_a_pipeline_that_is_stopped_or_shortened_is_not_exhausted(tag: str, ask: Any) -> None:
    """Who stops within an epoch is named; Keras' limits of steps, and executions, are no end."""

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            setattr(self.model, "stop_training", batch == 1)  # noqa: B010 (may be written so)

    model = small_model()
    model.provenance(tag)
    model.fit(pipeline(9), epochs=2, steps_per_epoch=4, verbose=0, callbacks=[Stop()])
    keras.config.set_max_steps_per_epoch(2)
    try:
        model.fit(pipeline(9), epochs=2, steps_per_epoch=4, verbose=0)
    finally:
        keras.config.set_max_steps_per_epoch(None)
    model.compile("sgd", "mse", steps_per_execution=4)
    model.fit(pipeline(5), epochs=2, verbose=0)
    stopped, limited, executed = facts(ask, tag, "epochs_done, steps, stop_reason, stop_detail")
    assert stopped[:3] == (1, 2, "stop_training")
    assert stopped[3].startswith("Stop (")
    assert limited == (2, 4, "finished", None)
    assert executed == (2, 10, "finished", None)


def test_a_training_that_has_no_epoch_left(tag: str, ask: Any) -> None:
    """initial_epoch ≥ epochs trains nothing, and no data are exhausted."""
    model = small_model()
    model.provenance(tag)
    model.fit(*data(), epochs=3, initial_epoch=5, verbose=0)
    model.fit(*data(), epochs=0, verbose=0)
    assert facts(ask, tag, "epochs_done, start_epoch, stop_reason, stop_detail") == [
        (0, None, "finished", "no epoch was left: epochs=3, begun at 5"),
        (0, None, "finished", None),
    ]


@pytest.mark.filterwarnings("ignore:Early stopping conditioned")
def test_the_best_epoch_of_what_was_never_measured(tag: str, ask: Any) -> None:
    """NULL; and of several EarlyStoppings that one's counts which stopped the training."""
    stopping = keras.callbacks.EarlyStopping
    model = small_model()
    model.provenance(tag)
    for callbacks in (
        [stopping("nothing", mode="min")],
        [stopping("loss", start_from_epoch=9)],
        [stopping("nothing", mode="min"), stopping("loss", min_delta=100.0, patience=1)],
    ):
        model.fit(*data(), epochs=2, verbose=0, callbacks=callbacks)
    assert [best for (best,) in facts(ask, tag, "best_epoch")] == [None, None, 0]


def test_a_forgotten_compile(tag: str, ask: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Keras' error is the user's, nothing of ours fails, and compile() is no adaptation."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.provenance(tag, adaptation=True, hyps="all")
    with pytest.raises(ValueError, match="compile"):
        model.fit(*data(), verbose=0)
    model.compile("sgd", "mse")
    model.fit(*data(), verbose=0)
    assert [each for each in caplog.records if each.name == "keras_prov"] == []
    assert facts(ask, tag, "stop_reason") == [("exception",), ("finished",)]
    assert ask.set(tag, "iTrainingModel", "optimizer_name") == [(None,), ("SGD",)]
    assert ask.set(tag, "oAdaptation") == []


def test_an_interrupted_training_is_the_status_of_its_execution(tag: str, home: Path) -> None:
    """`runs` says INTERRUPTED, though a training before, one within and a test have finished."""
    model = small_model()

    class Nested(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 0:
                self.model.fit(*data(8), verbose=0)

    model.provenance(tag)
    model.fit(*data(), verbose=0)
    callbacks = [Nested(), Raising(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data(), epochs=3, verbose=0, callbacks=callbacks)
    model.evaluate(*data(), verbose=0)
    assert dfanalyzer_client.flush(30)
    connection = Connection(PrivateServer(home).reader_url())
    try:
        (summary,) = executions(connection, tag)
    finally:
        connection.close()
    assert summary.status == "INTERRUPTED"


@pytest.mark.parametrize(
    ("error", "reason", "status"),
    [
        (ValueError("wrong"), "exception", "FAILED"),
        (KeyboardInterrupt(), "interrupt", "INTERRUPTED"),
        (SystemExit(3), "exit", "FAILED"),
    ],
)
def test_a_training_that_is_broken_off(
    error: BaseException, reason: str, status: str, tag: str, ask: Any
) -> None:
    """Exception, interrupt and sys.exit reach the user; the epochs before them are recorded."""
    model = small_model()
    model.provenance(tag)
    with pytest.raises(type(error)):
        model.fit(*data(), epochs=5, verbose=0, callbacks=[Raising(error)])
    found = facts(ask, tag, "epochs_done, stop_reason, stop_detail")
    assert found == [(2, reason, type(error).__name__)]
    assert len(ask.set(tag, "oTrainingModel")) == 2
    rows = ask.rows(
        f'SELECT t.status FROM "public".task t JOIN "{tag}".otrainingend e '
        "ON e.trainingmodel_task_id = t.id"
    )
    assert rows == [(status,)]


def test_an_error_without_a_message(tag: str, ask: Any) -> None:
    """An exception whose text cannot be made still ends the task."""

    class UnspeakableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    model = small_model()
    model.provenance(tag)
    with pytest.raises(UnspeakableError):
        model.fit(*data(), epochs=5, verbose=0, callbacks=[Raising(UnspeakableError())])
    messages = ask.rows(
        f'SELECT t.status, t.error_msg FROM "public".task t JOIN "{tag}".otrainingend e '
        "ON e.trainingmodel_task_id = t.id"
    )
    assert messages == [("FAILED", "UnspeakableError: (its message cannot be made: RuntimeError)")]


def test_a_training_that_goes_on_where_a_backup_ended(tag: str, ask: Any, tmp_path: Path) -> None:
    """BackupAndRestore starts later than fit was asked to; both are recorded."""
    backup = tmp_path / "backup"
    model = small_model()
    model.provenance(tag)
    with pytest.raises(ValueError, match="wrong"):
        model.fit(
            *data(),
            epochs=4,
            verbose=0,
            callbacks=[keras.callbacks.BackupAndRestore(backup), Raising(ValueError("wrong"))],
        )
    model.fit(*data(), epochs=4, verbose=0, callbacks=[keras.callbacks.BackupAndRestore(backup)])
    found = facts(ask, tag, "initial_epoch, start_epoch, epochs_done, stop_reason")
    assert found == [(0, 0, 2, "exception"), (0, 2, 2, "finished")]


def test_max_epochs_of_keras(tag: str, ask: Any) -> None:
    """keras.config.set_max_epochs() shortens a training, and is named as the reason."""
    model = small_model()
    model.provenance(tag)
    keras.config.set_max_epochs(2)
    try:
        model.fit(*data(), epochs=6, verbose=0)
    finally:
        keras.config.set_max_epochs(None)
    assert facts(ask, tag, "epochs_asked, epochs_done, stop_reason") == [(6, 2, "max_epochs")]


@pytest.mark.thorough
def test_a_killed_training_is_ended_by_sync(tag: str, ask: Any, home: Path) -> None:
    """After kill -9 the epochs are there, and `sync` says that the training was killed."""
    script = """
import os, sys, signal
import keras_prov as keras
import numpy as np
x = np.ones((8, 2))
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.provenance(sys.argv[1])
class Kill(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGKILL)
model.fit(x, x[:, :1], epochs=5, verbose=0, callbacks=[Kill()])
"""
    killed = subprocess.run([*warm_python(), "-c", script, tag], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr.decode()
    synced = [sys.executable, "-m", "dfanalyzer_client.cli", "sync"]
    subprocess.run(synced, check=True, capture_output=True)
    subprocess.run(synced, check=True, capture_output=True)
    assert [epoch for (epoch,) in ask.set(tag, "oTrainingModel", "epoch_id")] == [0, 1]
    assert facts(ask, tag, "stop_reason, epochs_done, epochs_asked") == [("killed", 2, None)]
    rows = ask.rows(
        f'SELECT t.status FROM "public".task t JOIN "{tag}".otrainingend e '
        "ON e.trainingmodel_task_id = t.id"
    )
    assert rows == [("ABANDONED",)]
