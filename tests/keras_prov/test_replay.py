"""The recorded changes of a training, made again, give the same weights bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from dfanalyzer_client.errors import UnknownTagError
from keras_prov._inspection.numbers import shortest
from small_models import data, small_model

COLUMNS = "epoch_id, batch, old_lrate, new_lrate, cause, detail"


def train(tag: str, *callbacks: Any, epochs: int = 6, **options: Any) -> Any:
    compile_ = options.pop("compile_", {})
    model = small_model(**compile_)
    model.provenance(tag, adaptation=True, hyps=["LEARNING_RATE"])
    model.fit(*data(), epochs=epochs, verbose=0, callbacks=list(callbacks), **options)
    return model


def plateau() -> Any:
    return keras.callbacks.ReduceLROnPlateau("loss", factor=0.7, patience=1, min_delta=100.0)


def same(some: Any, others: Any) -> bool:
    pairs = zip(some.get_weights(), others.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


class AtBatch(keras.callbacks.Callback):
    """Sets the rate after, or before, batches, by epoch and batch."""

    def __init__(self, after: Any = (), before: Any = ()) -> None:
        super().__init__()
        self.after, self.before, self.epoch = dict(after), dict(before), 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) in self.before:
            self.model.optimizer.learning_rate = self.before[self.epoch, batch]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) in self.after:
            self.model.optimizer.learning_rate = self.after[self.epoch, batch]


def test_a_plateau_is_replayed_without_the_callback(tag: str, ask: Any) -> None:
    """The same weights, bit for bit; recorded as a replay, derived from the first run."""
    first = train(tag, plateau())
    assert not same(first, train(f"{tag}-plain"))
    again = train(f"{tag}-again", keras.replay(first.exec_tag))
    assert same(first, again)
    recorded = ask.set(tag, "oAdaptation", COLUMNS)
    replayed = ask.set(f"{tag}-again", "oAdaptation", COLUMNS)
    assert [row[:4] for row in replayed] == [row[:4] for row in recorded]
    assert {row[4:] for row in replayed} == {("replay", "ReduceLROnPlateau")}
    run = keras.run(again.exec_tag)
    assert run.derived_from == [first.exec_tag]
    assert run.rows("iContinuation").to_dicts()[0]["kind"] == "replay"


def test_a_replay_is_replayed(tag: str) -> None:
    """What was replayed is a recorded change like any other."""
    first = train(tag, plateau())
    second = train(f"{tag}-2", keras.replay(first.exec_tag))
    assert same(first, train(f"{tag}-3", keras.replay(second.exec_tag)))


def test_rates_at_batches_are_replayed(tag: str, ask: Any) -> None:
    """After and before a batch, several in an epoch, and at the last batch of one."""
    changes = AtBatch(
        after={(1, 2): 0.02, (1, 5): 0.003, (2, 9): 0.07}, before={(3, 0): 0.1, (3, 4): 0.001}
    )
    first = train(tag, changes, epochs=5, batch_size=4)
    assert [row[:2] for row in ask.set(tag, "oAdaptation", COLUMNS)] == [
        (1, 2), (1, 5), (2, 9), (3, None), (3, 3),
    ]  # fmt: skip
    again = train(f"{tag}-again", keras.replay(first.exec_tag), epochs=5, batch_size=4)
    assert same(first, again)
    batches = [row[:2] for row in ask.set(f"{tag}-again", "oAdaptation", COLUMNS)]
    assert batches == [(1, 2), (1, 5), (3, None), (3, None), (3, 3)]


def test_steps_of_several_batches_are_replayed(tag: str) -> None:
    """With steps_per_execution, between the same two executions."""
    if keras.backend.backend() == "torch":
        pytest.skip("Keras' PyTorch backend has no steps_per_execution")
    options = {"epochs": 3, "batch_size": 4, "compile_": {"steps_per_execution": 2}}
    first = train(tag, AtBatch(after={(1, 3): 0.05}), **options)
    assert same(first, train(f"{tag}-again", keras.replay(first.exec_tag), **options))


def test_a_model_with_loss_scaling_and_two_rates(tag: str) -> None:
    """The inner optimizer of a LossScaleOptimizer is the one that is changed."""

    def scaled() -> Any:
        return {"optimizer": keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01))}

    first = train(tag, plateau(), compile_=scaled())
    assert same(first, train(f"{tag}-x", keras.replay(first.exec_tag), compile_=scaled()))


@pytest.mark.parametrize("rate", [1e-7, 0.1, 1 / 3, 3.0000001e-5, 123456.79])
def test_recorded_rates_are_exact(rate: float) -> None:
    """The shortest text of a single-precision number is read back as the same number."""
    number = np.float32(rate)
    for value in (number, np.nextafter(number, np.float32(0)), np.nextafter(number, np.float32(1))):
        assert np.float32(shortest(float(value))) == value


def test_one_of_several_trainings_is_chosen(tag: str) -> None:
    """By its number; without one, the error says how many there are."""
    model = train(tag, plateau(), epochs=3)
    model.fit(*data(), epochs=4, verbose=0, callbacks=[plateau()])
    with pytest.raises(ValueError, match=r"has 2 trainings: say which one.*training=2"):
        keras.replay(model.exec_tag)
    with pytest.raises(ValueError, match="has 2 trainings, and no training 3"):
        keras.replay(model.exec_tag, training=3)
    with pytest.raises(TypeError, match="number of a training"):
        keras.replay(model.exec_tag, training="2")  # type: ignore[arg-type]
    with pytest.raises(UnknownTagError):
        keras.replay("never-was")
    again = train(f"{tag}-again", keras.replay(model.exec_tag, training=1), epochs=3)
    again.fit(*data(), epochs=4, verbose=0, callbacks=[keras.replay(model.exec_tag, training=2)])
    assert same(model, again)


def test_what_a_callback_cannot_do_is_said(tag: str, caplog: pytest.LogCaptureFixture) -> None:
    """Another compile() and frozen layers between two fits are named, in the log and the repr."""
    model = train(tag, epochs=1)
    model.layers[0].trainable = False
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit(*data(), epochs=2, verbose=0)
    replaying = keras.replay(model.exec_tag, training=2)
    for text in (repr(replaying), caplog.text):
        assert "compile at epoch 0: that is done between two calls of fit()" in text
        assert "trainable at epoch 0" in text


def test_a_schedule_governs_the_rate(tag: str, caplog: pytest.LogCaptureFixture) -> None:
    """Its own steps are left to it; a rate that was set cannot be set where there is one."""
    steps = keras.optimizers.schedules.PiecewiseConstantDecay([4], [0.1, 0.01])
    first = train(tag, compile_={"optimizer": keras.optimizers.SGD(steps)})
    replaying = keras.replay(first.exec_tag)
    assert "by the optimizer's schedule" in caplog.text
    again = train(f"{tag}-again", replaying, compile_={"optimizer": keras.optimizers.SGD(steps)})
    assert same(first, again)
    rates = keras.replay(train(f"{tag}-rates", plateau()).exec_tag)
    with pytest.raises(ValueError, match="governed by PiecewiseConstantDecay"):
        train(f"{tag}-no", rates, compile_={"optimizer": keras.optimizers.SGD(steps)})


def test_another_training_is_noticed(tag: str, caplog: pytest.LogCaptureFixture) -> None:
    """A rate that differs from the one that was changed is named: the two are not the same."""
    first = train(tag, plateau())
    train(
        f"{tag}-other",
        keras.replay(first.exec_tag),
        compile_={"optimizer": keras.optimizers.SGD(0.5)},
    )
    assert "learning_rate was 0.01 before it was changed at epoch 2" in caplog.text
    assert "is 0.5 here" in caplog.text


PROGRAM = """
import sys
import numpy as np
import keras_prov as keras

x = np.linspace(0, 1, 160, dtype="float32").reshape(40, 4)

class AtBatch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (1, 4):
            self.model.optimizer.learning_rate = 0.0123

def plateau():
    return keras.callbacks.ReduceLROnPlateau("loss", factor=0.7, patience=1, min_delta=100.0)

def train(name, *callbacks):
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dropout(0.2)]
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse")
    model.provenance(sys.argv[1] + name, adaptation=True)
    model.fit(x, x[:, :1], epochs=6, batch_size=4, verbose=0, callbacks=list(callbacks))
    return model

first = train("", plateau(), AtBatch())
again = train("-again", keras.replay(first.exec_tag))
plain = train("-plain")
def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights()))
columns = ("epoch_id", "batch", "old_lrate", "new_lrate")
def changes(model):
    rows = keras.run(model.exec_tag).adaptations.to_dicts()
    return [[row.get(name) for name in columns] for row in rows]
assert changes(first) == changes(again), (changes(first), changes(again))
print(len(changes(first)), same(first, again), same(first, plain))
"""


@pytest.mark.thorough
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_weights_are_the_same_on_each_backend(backend: str, tag: str, home: Path) -> None:
    """With a plateau and a change at a batch in the first run, and neither in the second."""
    pytest.importorskip(backend)
    environment = {**os.environ, "KERAS_BACKEND": backend, "KERAS_PROV_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tag],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "5 True False\n"), done.stderr[-2000:]
