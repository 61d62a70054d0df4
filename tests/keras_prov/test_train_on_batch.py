"""`train_on_batch` and `test_on_batch` of captured models."""

from __future__ import annotations

import gc
import subprocess
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from keras_prov._loops.sessions import end_all_sessions
from keras_prov._tracking.running import fits
from small_models import data, small_model
from warm import warm_python

HYPS = {"LEARNING_RATE": True, "OPTIMIZER_NAME": True, "BATCH_SIZE": True}


def trained(calls: int, **compile_: Any) -> tuple[Any, list[Any]]:
    """A captured model after as many calls, and what they returned."""
    model = small_model(**compile_)
    return model, [model.train_on_batch(*data(8)) for _ in range(calls)]


@pytest.fixture
def per_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three calls are a row."""
    monkeypatch.setenv("KERAS_PROV_BATCHES_PER_ROW", "3")


@pytest.mark.usefixtures("per_row")
def test_calls_are_one_training(tag: str, ask: Any) -> None:
    """A row of means for every n calls, one for the rest, and how many there were."""
    keras.capture(HYPS, tag)
    model, returned = trained(7, metrics=["mae"])
    end_all_sessions()
    assert ask.set(tag, "iTrainingModel", "learning_rate, batch_size") == [(0.01, 8)]
    losses = [np.mean([each[0] for each in part]) for part in _parts(returned)]
    errors = [np.mean([each[1] for each in part]) for part in _parts(returned)]
    found = ask.set(tag, "oTrainingModel", "epoch_id, learning_rate, loss, mae")
    assert [row[:2] for row in found] == [(0, 0.01), (1, 0.01), (2, 0.01)]
    assert np.allclose([row[2:] for row in found], list(zip(losses, errors, strict=True)))
    wanted = "epochs_done, steps, stop_reason, stop_detail"
    detail = "7 calls of train_on_batch, a row for every 3"
    assert ask.set(tag, "oTrainingEnd", wanted) == [(3, 7, "finished", detail)]
    assert model.exec_tag == keras.runs(dataflow=tag)[0].execution
    assert len({layer for (layer,) in ask.set(tag, "iLayers", "name")}) == 2


def _parts(returned: list[Any]) -> list[list[Any]]:
    return [returned[:3], returned[3:6], returned[6:]]


def test_what_is_returned_and_trained_is_that_of_keras(tag: str) -> None:
    """Values, types and weights are the same, bit for bit, also with `return_dict`."""
    plain, returned = trained(3, metrics=["mae"])
    keras.capture(HYPS, tag)
    captured, seen = trained(3, metrics=["mae"])
    assert repr(returned) == repr(seen)
    named = [each.train_on_batch(*data(8), return_dict=True) for each in (plain, captured)]
    assert repr(named[0]) == repr(named[1])
    assert repr(plain.test_on_batch(*data(8))) == repr(captured.test_on_batch(*data(8)))
    for ours, theirs in zip(captured.get_weights(), plain.get_weights(), strict=True):
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.usefixtures("per_row")
def test_another_training_ends_them(tag: str, ask: Any) -> None:
    """A `fit`, a block, or another capture begins a training of its own."""
    with keras.capture(HYPS, tag):
        model, _ = trained(2)
        model.fit(*data(), verbose=0)
        model.train_on_batch(*data(8))
        with keras.training(model) as run:
            run.epoch(loss=0.5)
        model.train_on_batch(*data(8))
    ends = ask.set(tag, "oTrainingEnd", "epochs_done, stop_detail")
    calls = "{} calls of train_on_batch, a row for every 3"
    fit, block = (1, None), (1, None)
    one = (1, calls.format(1))
    assert ends == [(1, calls.format(2)), fit, one, block, one]
    model.train_on_batch(*data(8))
    assert len(ask.set(tag, "oTrainingEnd")) == 5


def test_in_a_block_they_add_to_its_epoch(tag: str, ask: Any) -> None:
    """Means of what they return; a test's metrics are those of validation, a `fit` is a batch."""
    model = small_model(metrics=["mae"])
    with keras.training(model, dataflow_tag=tag) as run:
        values = [model.train_on_batch(*data(8), return_dict=True) for _ in range(2)]
        tested = model.test_on_batch(*data(8), return_dict=True)
        run.epoch()
        history = model.fit(*data(), epochs=2, verbose=0).history
        run.epoch(val_loss=7.0)
    found = ask.set(tag, "oTrainingModel", "loss, mae, val_loss")
    mean = [np.mean([each[name] for each in values]) for name in ("loss", "mae")]
    assert np.allclose(found[0], [*mean, tested["loss"]])
    assert np.allclose(found[1], [history["loss"][-1], history["mae"][-1], 7.0])
    assert ask.set(tag, "oTrainingEnd", "epochs_done, steps") == [(2, 3)]


def test_models_of_a_block_are_told_apart(tag: str, ask: Any) -> None:
    """With several models, each metric has its model's name before it."""
    models = {"g": small_model(), "d": small_model()}
    with keras.training(models, dataflow_tag=tag, hyps=HYPS) as run:
        losses = [models[name].train_on_batch(*data(8)) for name in ("g", "d")]
        run.epoch()
    assert np.allclose(ask.set(tag, "oTrainingModel", "g_loss, d_loss"), [losses])
    found = ask.set(tag, "iOptimizers", "name, class")
    assert found == [("g.optimizer", "SGD"), ("d.optimizer", "SGD")]


def test_a_call_that_fails_ends_them(tag: str, ask: Any) -> None:
    """The error is recorded and reaches the caller; the next call begins anew."""
    keras.capture(HYPS, tag)
    model, _ = trained(1)
    with pytest.raises(ValueError, match=r".") as raised:
        model.train_on_batch(np.ones((8, 5)), np.ones((8, 1)))
    model.train_on_batch(*data(8))
    end_all_sessions()
    kind = type(raised.value).__name__
    found = ask.set(tag, "oTrainingEnd", "stop_reason, stop_detail")
    assert found[0] == ("exception", kind)
    assert found[1][0] == "finished"


def test_calls_in_a_fit_are_no_training(tag: str, ask: Any) -> None:
    """A model that its outer one trains, and a callback that trains the model itself."""
    keras.capture(HYPS, tag)
    inner = small_model()
    outer = keras.Sequential([inner])
    fits.begin(outer)  # on TensorFlow a training step cannot call it
    inner.train_on_batch(*data(8))
    fits.end(outer, uncaptured=False)
    model = small_model()
    more = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: model.train_on_batch(*data(8))
    )
    model.fit(*data(), verbose=0, callbacks=[more])
    assert [row[0] for row in ask.set(tag, "oTrainingEnd", "stop_detail")] == [None]


def test_a_deleted_model_ends_its_training(tag: str, ask: Any) -> None:
    """It is not kept alive; its training is over at once, with no other one to follow."""
    keras.capture(HYPS, tag)
    model, _ = trained(2)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    while not (found := ask.set(tag, "oTrainingEnd", "steps, stop_reason, num_layers")):
        pass  # a thread of ours is about to say so
    assert found == [(2, "finished", None)]


PROGRAM = """
import sys
import numpy as np
import keras_prov as keras
keras.capture({}, sys.argv[1])
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.train_on_batch(np.ones((4, 2)), np.ones((4, 1)))
"""


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("", "FINISHED"),
        ("raise KeyError('x')", "FAILED"),
        ("raise KeyboardInterrupt", "INTERRUPTED"),
    ],
)
def test_the_end_of_the_program_ends_them(
    tag: str, ask: Any, tmp_path: Path, end: str, status: str
) -> None:
    """With the rest of the calls, and with the error that ended the program."""
    program = tmp_path / "train.py"
    program.write_text(PROGRAM + end)
    subprocess.run([*warm_python(), str(program), tag], check=False, capture_output=True)
    assert len(ask.set(tag, "oTrainingModel", "loss")) == 1
    assert keras.runs(dataflow=tag)[0].status == status
