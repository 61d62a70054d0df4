"""Programs that are unusual: threads, forks, nested trainings, cells that are run again."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from keras_prov._inspection import fit_values
from small_models import data, small_model


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As users run it: our failures are logged and do not raise."""
    monkeypatch.setenv("KERAS_PROV_STRICT", "0")


def test_two_models_trained_in_two_threads(tag: str, ask: Any) -> None:
    """Each training has its own execution with its own epochs and adaptations, unmixed."""
    models = {name: small_model() for name in ("first", "second")}
    together = threading.Barrier(2)

    class Meet(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            together.wait(60)

    def train(name: str, epochs: int) -> None:
        halve = keras.callbacks.LearningRateScheduler(lambda e, rate: rate / 2 if e == 1 else rate)
        models[name].provenance(f"{tag}-{name}", adaptation=True)
        models[name].fit(*data(), epochs=epochs, verbose=0, callbacks=[Meet(), halve])

    threads = [threading.Thread(target=train, args=(name, 4)) for name in models]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    for name in models:
        epochs = ask.set(f"{tag}-{name}", "oTrainingModel", "epoch_id")
        assert [epoch for (epoch,) in epochs] == [0, 1, 2, 3]
        rows = ask.set(f"{tag}-{name}", "oAdaptation", "epoch_id, new_lrate, cause")
        assert rows == [(1, 0.005, "LearningRateScheduler")]


def test_another_models_fit_and_test_inside_a_callback(tag: str, ask: Any) -> None:
    """A second captured model trained and tested in a callback of the first is its own."""
    inner = small_model()
    inner.provenance(f"{tag}-inner")

    class Inside(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            inner.fit(*data(), verbose=0)
            inner.evaluate(*data(), verbose=0)

    outer = small_model()
    outer.provenance(tag)
    outer.fit(*data(), epochs=2, verbose=0, callbacks=[Inside()])
    assert len(ask.set(tag, "oTrainingModel")) == 2
    assert len(ask.set(f"{tag}-inner", "oTrainingEnd")) == 2
    assert len(ask.set(f"{tag}-inner", "oTestingModel")) == 2


def test_a_subclass_that_overrides_fit_is_one_training(tag: str, ask: Any) -> None:
    """A fit() of the user's own that calls Keras' is recorded once, with their arguments."""

    class Mine(keras.Sequential):
        def fit(self, *args: Any, **kwargs: Any) -> Any:
            return super().fit(*args, epochs=3, **kwargs)

    model = Mine([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.provenance(tag, hyps={"NUM_EPOCHS": True})
    model.fit(*data(), verbose=0)
    assert ask.set(tag, "iTrainingModel", "num_epochs") == [(3,)]


FORKS_FIRST = """
import os, sys
import numpy as np
import keras_prov as keras
x = np.ones((8, 2), "float32")
def train(name):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    model.provenance(sys.argv[1], hyperparameters=[("WHO", "TEXT")], values={"WHO": name})
    model.fit(x, x[:, :1], epochs=2, verbose=0)
child = os.fork()
if not child:
    train("child")
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
train("parent")
"""
FORKS_LATER = """
class Leave(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        child = os.fork()
        if not child:
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", run_eagerly=True)
model.provenance(sys.argv[1] + "-both")
model.fit(x, x[:, :1], epochs=2, verbose=0, callbacks=[Leave()])
for _ in range(2):
    child = os.fork()
    if not child:
        model.fit(x, x[:, :1], epochs=2, verbose=0)
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def run_forking(script: str, tag: str, backend: str) -> None:
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "KERAS_BACKEND": backend}
    done = subprocess.run(
        [sys.executable, "-c", script, tag],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.thorough
def test_a_fork_after_import(tag: str, ask: Any) -> None:
    """A forked child that trains is recorded, and its parent, which goes on, too."""
    run_forking(FORKS_FIRST, tag, "tensorflow")
    assert sorted(ask.set(tag, "iTrainingModel", "who")) == [("child",), ("parent",)]
    assert len(ask.set(tag, "oTrainingModel")) == 4


@pytest.mark.thorough
def test_a_fork_of_one_that_trains(tag: str, ask: Any) -> None:
    """A child goes on with its parent's model in an execution of its own.

    One that leaves its parent's training says nothing of it. With TensorFlow a child hangs as soon
    as its parent has trained, with plain Keras as well.
    """
    pytest.importorskip("torch")
    run_forking(FORKS_FIRST + FORKS_LATER, tag, "torch")
    trainings = ask.rows(
        'SELECT t.df_exec, t.status, count(o.epoch_id) FROM "public".task t '
        f'JOIN "{tag}-both".otrainingmodel o ON o.trainingmodel_task_id = t.id '
        "GROUP BY t.df_exec, t.id, t.status"
    )
    assert len({execution for execution, _, _ in trainings}) == 3
    assert [rest for _, *rest in trainings] == [["FINISHED", 2]] * 3


def test_a_cell_that_is_run_again(tag: str, ask: Any) -> None:
    """Re-running a notebook's cell makes a new execution each time, of the same dataflow."""
    for _ in range(3):
        model = small_model()
        model.provenance(tag, hyps={"LEARNING_RATE": True})
        model.fit(*data(), verbose=0)
    rows = ask.rows(
        'SELECT count(DISTINCT t.df_exec) FROM "public".task t '
        f'JOIN "{tag}".itrainingmodel i ON i.trainingmodel_task_id = t.id'
    )
    assert rows == [(3,)]


def test_one_value_that_cannot_be_read_costs_itself_alone(
    tag: str, ask: Any, lenient: None, caplog: pytest.LogCaptureFixture
) -> None:
    """A hyperparameter that raises is NULL and logged once per model; the others are there."""

    class Odd(keras.Sequential):
        @property
        def jit_compile(self) -> Any:
            if sys._getframe(1).f_globals["__name__"] == fit_values.__name__:
                raise OSError("odd")
            return False

        @jit_compile.setter
        def jit_compile(self, value: Any) -> None: ...

    with caplog.at_level(logging.ERROR, "keras_prov"):
        for _ in range(2):
            model = Odd([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("sgd", "mse")
            model.provenance(tag, hyps={"JIT_COMPILE": True, "LEARNING_RATE": True})
            model.fit(*data(), epochs=2, verbose=0)
    assert ask.set(tag, "iTrainingModel", "jit_compile, learning_rate") == [(None, 0.01)] * 2
    logged = [each for each in caplog.records if each.name == "keras_prov"]
    assert ["JIT_COMPILE" in each.getMessage() for each in logged] == [True, True]


def test_a_layers_property_that_raises_is_the_users_affair(
    tag: str, ask: Any, lenient: None
) -> None:
    """A layer whose attributes raise, or say nonsense, leaves out what cannot be read."""

    class Nasty(keras.layers.Layer):
        def __init__(self, size: int = 3, other: int = 4) -> None:
            super().__init__()
            self.other = other

        @property
        def size(self) -> int:
            raise RuntimeError("not now")

        def call(self, x: Any) -> Any:
            return x

    model = keras.Sequential([keras.Input((4,)), Nasty(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.provenance(tag, hyps={"NUM_LAYERS": True})
    model.fit(*data(), verbose=0)
    found = {row[0]: row[1] for row in ask.set(tag, "iLayers", "attribute_type, value")}
    assert found["other"] == "4"
    assert "units" in found


def test_a_fit_that_was_refused_does_not_bar_provenance(tag: str, ask: Any) -> None:
    """An uncaptured fit() that failed before it trained leaves the model to be captured."""
    model = small_model()
    with pytest.raises(ValueError, match="incompatible"):
        model.fit(np.ones((3, 7)), np.ones((3, 1)), verbose=0)
    model.provenance(tag)
    model.fit(*data(), verbose=0)
    assert len(ask.set(tag, "oTrainingModel")) == 1


def test_metrics_of_several_numbers_and_of_callbacks(tag: str, ask: Any) -> None:
    """A vector metric is numbered columns; what a user's callback adds to logs is recorded."""

    class Vector(keras.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="parts")

        def update_state(self, *args: Any, **kwargs: Any) -> None: ...

        def result(self) -> Any:
            return keras.ops.convert_to_tensor([1.5, 2.5])

    class Adding(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["mine"] = np.float64(epoch + 0.5)

    model = small_model(metrics=[Vector()])
    model.provenance(tag)
    model.fit(*data(), epochs=2, verbose=0, callbacks=[Adding()])
    assert ask.set(tag, "oTrainingModel", "parts_0, parts_1, mine") == [
        (1.5, 2.5, 0.5),
        (1.5, 2.5, 1.5),
    ]


def test_batches_are_recorded_on_request(tag: str, ask: Any) -> None:
    """BATCH_METRICS: n records every n-th batch of each epoch with what Keras measured."""
    model = small_model(metrics=["mae"])
    model.provenance(tag, hyps={"BATCH_METRICS": 2})
    model.fit(*data(), epochs=2, batch_size=8, verbose=0)
    rows = ask.set(tag, "oBatches", "epoch_id, batch_id, loss, mae")
    assert [row[:2] for row in rows] == [(0, 1), (0, 3), (1, 1), (1, 3)]
    assert all(loss > 0 and mae > 0 for *_, loss, mae in rows)


def test_batches_of_executions_of_several(tag: str, ask: Any) -> None:
    """With steps_per_execution Keras tells of every fourth; each with an n-th among its is kept."""
    model = small_model(steps_per_execution=4)
    model.provenance(tag, hyps={"BATCH_METRICS": 3})
    model.fit(*data(), epochs=2, batch_size=4, verbose=0)
    found = ask.set(tag, "oBatches", "epoch_id, batch_id")
    assert found == [(epoch, batch) for epoch in (0, 1) for batch in (3, 7, 11)]


def test_a_loop_of_the_users_own_and_a_test(
    tag: str, ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The first test has the row of hyperparameters, and one line says what is not seen."""
    model = small_model()
    model.provenance(
        tag,
        hyps=["LEARNING_RATE", "NUM_EPOCHS", "VALIDATION_SPLIT"],
        hyperparameters=[("DROP", "NUMERIC")],
        values={"DROP": 0.5},
    )
    weights = model.trainable_weights
    for _ in range(3):
        model.optimizer.apply([keras.ops.ones_like(weight) for weight in weights], weights)
    for _ in range(2):
        model.evaluate(*data(), verbose=0)
    columns = 'learning_rate, num_epochs, validation_split, "drop", testingmodel_task_id'
    ((*values, task),) = ask.set(tag, "iTrainingModel", columns)
    assert values == [0.01, None, None, 0.5]
    tests = ask.set(tag, "oTestingModel", "testingmodel_task_id")
    assert task == tests[0][0] != tests[1][0]
    hyperparameters = ask.rows(
        'SELECT name, number FROM "public".hyperparameters WHERE dataflow = %s ORDER BY name', tag
    )
    assert hyperparameters == [("drop", 0.5), ("learning_rate", 0.01)]
    said = [each.getMessage() for each in caplog.records if each.name == "keras_prov"]
    assert len(said) == 2  # one at the first step
    assert "3 steps of training outside fit()" in said[1]
    assert all("with keras_prov.training(" in each for each in said)


def test_a_model_that_is_tested_alone(
    tag: str, ask: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Steps that a loaded model was trained for before are no reason for a hint."""
    trained = small_model()
    trained.fit(*data(), verbose=0)
    trained.save(tmp_path / "trained.keras")
    loaded = keras.saving.load_model(tmp_path / "trained.keras")
    loaded.provenance(tag, hyps=["OPTIMIZER_NAME"])
    loaded.evaluate(*data(), verbose=0)
    assert ask.set(tag, "iTrainingModel", "optimizer_name") == [("SGD",)]
    assert [each for each in caplog.records if each.name == "keras_prov"] == []


@pytest.mark.parametrize("value", [-1, 1.5, "2", None])
def test_a_wrong_interval_of_batches_raises(tag: str, value: Any) -> None:
    """What is neither bool nor a whole number is refused at provenance()."""
    with pytest.raises(TypeError, match="BATCH_METRICS"):
        small_model().provenance(tag, hyps={"BATCH_METRICS": value})


def test_environment_data_and_system_are_recorded(tag: str, ask: Any) -> None:
    """ENVIRONMENT, DATASET and SYSTEM_METRICS fill their sets, and tests have their data, too."""
    model = small_model()
    model.provenance(tag, hyps={"ENVIRONMENT": True, "DATASET": True, "SYSTEM_METRICS": 0.05})
    x, y = data()
    model.fit(x, y, epochs=2, validation_data=(x[:8], y[:8]), verbose=0)
    model.evaluate(x, y, verbose=0)
    facts = {
        (kind, name): value
        for kind, name, value in ask.set(tag, "iEnvironment", "kind, name, value")
    }
    assert any(kind == "package" and name.lower() == "numpy" for kind, name in facts)
    found = ask.set(tag, "iDataset", "role, name, shape, samples, hash")
    assert [row[:4] for row in found] == [
        ("training", "x", "(40, 4)", 40),
        ("training", "y", "(40, 1)", 40),
        ("validation", "x", "(8, 4)", 8),
        ("validation", "y", "(8, 1)", 8),
    ]
    tested = ask.set(tag, "iTestingDataset", "role, name, hash")
    assert [row[2] for row in tested] == [row[4] for row in found[:2]]
    samples = ask.set(tag, "oSystemMetrics", "device, memory_bytes")
    assert len(samples) >= 2
    assert all(memory > 10**7 for device, memory in samples if device == "cpu")


def test_a_trial_is_an_execution_of_its_own(tag: str, ask: Any) -> None:
    """keras_prov.trial() links the executions of a search to their study, with the parameters."""
    model = small_model()
    model.provenance(tag)
    for number, rate in enumerate([0.1, 0.01]):
        with keras.trial("rates", number, {"rate": rate, "kind": "sgd"}):
            model.fit(*data(), verbose=0)
    rows = ask.rows(
        f'SELECT i.study, i.trial, i.name, i.value, i."number", t.df_exec FROM "{tag}".itrial i '
        'JOIN "public".task t ON t.id = i.trainingmodel_task_id ORDER BY i.id'
    )
    assert [row[:5] for row in rows] == [
        ("rates", "0", "rate", "0.1", 0.1),
        ("rates", "0", "kind", "sgd", None),
        ("rates", "1", "rate", "0.01", 0.01),
        ("rates", "1", "kind", "sgd", None),
    ]
    assert len({row[5] for row in rows}) == 2


def test_a_data_folder_of_others_too_is_said_once_and_the_training_is_not_touched(
    tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line with the reason and the cure, for training and test; nothing is written there."""
    monkeypatch.delenv("KERAS_PROV_STRICT")
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o777)
    model = small_model()
    model.provenance(tag, hyps={"LEARNING_RATE": True, "MODEL": True})
    assert len(model.fit(*data(), epochs=2, verbose=0).history["loss"]) == 2
    model.evaluate(*data(), verbose=0)
    (record,) = [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")]
    assert "chmod go-w" in record.getMessage()
    assert record.exc_info is None
    assert list((tmp_path / "home").iterdir()) == []
