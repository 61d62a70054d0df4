"""Captured or not, a training is bit for bit the same, and what the user gave is not changed."""

from __future__ import annotations

import json
import os
import subprocess
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from store_conditions import REFUSED, conflicting_writer, hanging_store
from warm import warm_python

ROOT = Path(__file__).parents[2]

SCRIPT = """
import hashlib, io, json, random, sys, warnings, contextlib
import numpy as np
captured, kind, folder = sys.argv[1] == "captured", sys.argv[2], sys.argv[3]
if captured:
    import keras_prov as keras
else:
    import keras
store = None
if len(sys.argv) > 4:
    import store_conditions
    store, retries = sys.argv[4], store_conditions.hear_retries()
keras.utils.set_random_seed(11)
if kind == "mixed":
    keras.mixed_precision.set_global_policy("mixed_float16")

class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = keras.layers.Dense(6, "relu"), keras.layers.Dense(1)
    def call(self, x):
        return self.second(self.first(x))

def build():
    if kind == "functional":
        inputs = keras.Input((4,))
        return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dense(6, "relu")(inputs)))
    if kind == "subclassed":
        return Subclassed()
    return keras.Sequential([keras.layers.Dense(6, "relu"), keras.layers.Dropout(0.3),
                             keras.layers.Dense(1)])

def train():
    model = build()
    if captured:
        model.provenance("transparent", adaptation=True, hyps=dict.fromkeys(
            "OPTIMIZER_NAME LEARNING_RATE DECAY MOMENTUM NUM_EPOCHS BATCH_SIZE NUM_LAYERS".split(),
            True), store=store)
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"],
                  jit_compile=kind == "jit", steps_per_execution=3 if kind == "steps" else 1)
    x = np.random.rand(64, 4).astype("float32")
    history = model.fit(x, x.sum(axis=1), epochs=3, batch_size=8, validation_split=0.25, verbose=2,
                        callbacks=[keras.callbacks.ReduceLROnPlateau("loss", patience=1,
                                                                     min_delta=9.0)])
    evaluated = model.evaluate(x, x.sum(axis=1), verbose=0)
    return model, history.history, evaluated

def digest(arrays):
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()

out = io.StringIO()
with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(out):
    warnings.simplefilter("always")
    model, history, evaluated = train()
model.save(folder + "/model.keras")
import re, zipfile
with zipfile.ZipFile(folder + "/model.keras") as archive:
    # shared_object_id is an address in memory
    saved = re.sub(r'"shared_object_id": [0-9]+', "", archive.read("config.json").decode())
    names = sorted(archive.namelist())
if len(sys.argv) > 4:
    assert retries.wait(60), "nobody of ours tries again"
    store_conditions.forget_messages(store)
print(json.dumps({
    "weights": digest(model.get_weights()),
    "optimizer": digest([np.asarray(v) for v in model.optimizer.variables]),
    "history": history,
    "evaluated": evaluated,
    "names": [w.path for w in model.weights] + [l.name for l in model.layers],
    "next": keras.layers.Dense(1).name,
    "numpy": float(np.random.rand()), "python": random.random(),
    "keras": np.asarray(keras.random.normal((3,))).tolist(),
    "stdout": re.sub(r"[0-9]+m?s(/step|/epoch)?", "T", out.getvalue()),
    "warnings": [str(w.message) for w in caught],
    "saved": saved, "files": names,
    "attributes": sorted(vars(model)),
    "metrics": [m.name for m in model.metrics],
}))
"""


@pytest.mark.parametrize(
    "kind",
    [
        "sequential",
        *(
            pytest.param(kind, marks=pytest.mark.thorough)
            for kind in ("functional", "subclassed", "mixed", "jit", "steps")
        ),
    ],
)
def test_a_captured_training_is_bit_identical(kind: str, home: Path, tmp_path: Path) -> None:
    """Weights, optimizer, history, names, random state, stdout, warnings and saved config agree."""
    plain, captured = outcomes(tmp_path, ["plain", kind], ["captured", kind])
    assert captured == plain


@pytest.mark.thorough
def test_the_store_makes_no_difference(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused, hanging, or with another writer in the way: the training is the same bit for bit."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
    monkeypatch.setenv("KERAS_PROV_EXIT_FLUSH", "0")
    with hanging_store() as hanging, conflicting_writer(home) as conflicting:
        stores = (REFUSED, hanging, conflicting)
        kind = "sequential"
        plain, *captured = outcomes(
            tmp_path, ["plain", kind], *(["captured", kind, store] for store in stores)
        )
    for each in captured:
        assert each == plain


def outcomes(folder: Path, *arms: list[str]) -> list[dict[str, Any]]:
    """What the script says of each of the arms, which run side by side."""
    running = []
    for number, (arm, kind, *store) in enumerate(arms):
        own = folder / str(number)
        own.mkdir()
        running.append(
            subprocess.Popen(
                [*warm_python(), "-c", SCRIPT, arm, kind, str(own), *store],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    said = [process.communicate() for process in running]
    for process, (_, errors) in zip(running, said, strict=True):
        assert process.returncode == 0, errors
    return [json.loads(output.splitlines()[-1]) for output, _ in said]


def fitted(callbacks: Any, captured: bool, tag: str) -> Any:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    if captured:
        model.provenance(tag, hyps={"NUM_EPOCHS": True})
    given = callbacks(model) if isinstance(callbacks, types.FunctionType) else callbacks
    model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=2, verbose=0, callbacks=given)
    return model, given


class Counter(keras.callbacks.Callback):
    """Counts epochs."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs += 1


@pytest.mark.parametrize("form", ["none", "list", "tuple", "bare", "nested", "CallbackList"])
def test_callbacks_are_taken_in_any_form_and_left_as_they_were(
    form: str, tag: str, ask: Any
) -> None:
    """Every form that Keras takes still works, is recorded, and is not changed."""
    one, other = Counter(), Counter()
    given: Any = {
        "none": None,
        "list": [one, other],
        "tuple": (one, other),
        "bare": one,
        "nested": {"a": [one], "b": (other,)},
        "CallbackList": lambda model: keras.callbacks.CallbackList(
            [one, other], add_history=True, model=model, epochs=2
        ),
    }[form]
    model, given = fitted(given, True, tag)
    inside = [one, other, model.history] if form == "CallbackList" else None
    assert [epoch for (epoch,) in ask.set(tag, "oTrainingModel", "epoch_id")] == [0, 1]
    if form != "none":
        assert one.epochs == 2
    if form == "list":
        assert given == [one, other]
    if inside is not None:
        assert given.callbacks == inside


@pytest.mark.thorough
def test_a_bare_callback_keeps_asynchronous_dispatch(
    tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras decides on asynchronous callbacks as it does without us, for every form."""

    class Batchwise(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None: ...

    decided: list[tuple[bool, bool]] = []
    original = keras.callbacks.CallbackList._configure_async_dispatch

    def spy(self: Any, callbacks: Any) -> None:
        monkeypatch.setattr("keras.src.backend.IS_THREAD_SAFE", True)
        original(self, callbacks)
        decided.append((self._async_train, self._async_test))

    monkeypatch.setattr(keras.callbacks.CallbackList, "_configure_async_dispatch", spy)
    for form in (lambda: None, lambda: Batchwise(), lambda: [Batchwise()], lambda: [Counter()]):
        decided.clear()
        fitted(form(), False, tag)
        plain = list(decided)
        decided.clear()
        fitted(form(), True, tag)
        assert decided == plain


def test_positional_callbacks_are_found(tag: str, ask: Any) -> None:
    """Callbacks given by position are bound by name."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.provenance(tag)
    counter = Counter()
    model.fit(np.ones((8, 2)), np.ones((8, 1)), 4, 3, 0, [counter])
    assert counter.epochs == 3
    assert len(ask.set(tag, "oTrainingModel")) == 3


def test_nothing_is_stored_on_the_model(tag: str) -> None:
    """After capture a model's attributes, weights file and metrics hold nothing of ours."""
    (captured, _), (plain, _) = fitted(None, True, tag), fitted(None, False, tag)
    assert sorted(vars(captured)) == sorted(vars(plain))
    assert "provenance" not in json.dumps(captured.get_config())


def test_keras_errors_stay_keras_own(tag: str) -> None:
    """A wrong argument raises what Keras raises, captured or not."""
    texts = []
    for captured in (False, True):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        if captured:
            model.provenance(tag)
        with pytest.raises(TypeError) as error:
            model.fit(np.ones((8, 2)), np.ones((8, 1)), epoch=3)
        texts.append(str(error.value))
    assert texts[0] == texts[1]


def raising(*_: Any) -> None:
    raise RuntimeError("mine") from KeyError("a cause")


FAILING: dict[str, Callable[[Any, Any, Any], Any]] = {
    "callback": lambda model, x, y: model.fit(
        x, y, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=raising)]
    ),
    "data": lambda model, x, y: model.fit((raising(each) for each in [x]), verbose=0),
    "argument": lambda model, x, y: model.fit(x, y, epoch=3),
    "shape": lambda model, x, y: model.fit(x, y[1:], verbose=0),
    "test": lambda model, x, y: model.evaluate(
        x, y, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_test_end=raising)]
    ),
    "compile": lambda model, x, y: model.compile("nonesuch", "mse"),
    "file": lambda model, x, y: model.save("/nonexistent/model.keras"),
}


def traceback_of(failing: Callable[[Any, Any, Any], Any], tag: str | None) -> Any:
    """The exception that a program gets, and where it is told that it came from."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    if tag is not None:
        model.provenance(tag, hyps={"LEARNING_RATE": True})
    try:
        failing(model, np.ones((8, 2)), np.ones((8, 1)))
    except Exception as error:
        places = [(each.filename, each.name) for each in traceback.extract_tb(error.__traceback__)]
        facts = (type(error), str(error), error.__cause__, error.__context__)
        return places, facts, error.__suppress_context__
    raise AssertionError


@pytest.mark.parametrize("what", FAILING)
def test_tracebacks_are_those_of_plain_keras(what: str, tag: str) -> None:
    """An exception out of a captured call tells of the same places, and none of them is ours."""
    keras.uninstrument()
    try:
        plain = traceback_of(FAILING[what], None)
    finally:
        keras.instrument()
    assert traceback_of(FAILING[what], tag) == plain


@pytest.mark.thorough
def test_a_mirrored_training_is_recorded(tag: str, home: Path) -> None:
    """With tf.distribute.MirroredStrategy on two devices rates are read as ever."""
    script = """
import sys
import numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
import keras_prov as keras
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.001), "mse")
model.provenance(sys.argv[1], hyps={"LEARNING_RATE": True})
model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=2, verbose=0,
          callbacks=[keras.callbacks.LearningRateScheduler(lambda e, r: r / 2 if e else r)])
"""
    subprocess.run([*warm_python(), "-c", script, tag], check=True, capture_output=True, text=True)
    from dfanalyzer_client.private_server import PrivateServer
    from dfanalyzer_client.store import Connection

    connection = Connection(PrivateServer(home).reader_url())
    assert connection.query(f'SELECT learning_rate FROM "{tag}".itrainingmodel') == [(0.001,)]
    assert connection.query(f'SELECT new_lrate FROM "{tag}".oadaptation') == [(0.0005,)]
    connection.close()
