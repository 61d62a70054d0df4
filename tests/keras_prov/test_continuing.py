"""A model goes on where another execution stopped, with other layers and the weights that fit."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from dfanalyzer_client import prov_document
from dfanalyzer_client.errors import UnknownTagError
from small_models import data
from w3c_prov.constraints import violations

HYPS = ["LEARNING_RATE", "NUM_EPOCHS", "OPTIMIZER_NAME"]
ROWS = "kind, name, old_value, new_value, weights"


def block(layers: int, tag: str, rate: float = 0.01, **options: Any) -> Any:
    """A dense block and a layer behind it, captured, with the same seed whatever its depth."""
    keras.utils.set_random_seed(7)
    dense = [keras.layers.Dense(4, activation="relu") for _ in range(layers)]
    model = keras.Sequential([keras.Input((4,)), *dense, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    model.provenance(tag, **{"hyps": HYPS, **options})
    return model


def trained(layers: int, tag: str, epochs: int = 2, **options: Any) -> Any:
    callbacks = options.pop("callbacks", [])
    model = block(layers, tag, **options)
    model.fit(*data(), epochs=epochs, verbose=0, callbacks=callbacks)
    return model


def weights_of(model: Any) -> list[Any]:
    return [np.array(each) for each in model.get_weights()]


def same(some: list[Any], others: list[Any]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def test_the_papers_story(tag: str, ask: Any) -> None:
    """Stopped, then 8 layers instead of 4: derived, with what differs, the weights and epochs."""
    stopped = trained(4, tag)
    before = weights_of(stopped)
    wider = block(8, tag, rate=0.005)
    found = keras.continue_from(stopped, wider, weights=True)
    assert (found.execution, found.epoch) == (stopped.exec_tag, 2)
    assert (len(found.taken), len(found.new), found.left_out) == (5, 4, {})
    after = weights_of(wider)
    assert same(before[:8] + before[-2:], after[:8] + after[-2:])
    history = wider.fit(*data(), initial_epoch=found.epoch, epochs=5, verbose=0)
    assert history.epoch == [2, 3, 4]
    assert same(before, weights_of(stopped))
    rows = ask.set(tag, "iContinuation", ROWS)
    assert rows[:2] == [
        ("optimizer", "LEARNING_RATE", "0.01", "0.005", None),
        ("hyperparameter", "NUM_EPOCHS", "2", "5", None),
    ]
    layers = [(name, old is None, weights) for kind, name, old, _, weights in rows[2:]]
    assert layers[:4] == [(f"{place} Dense", False, "yes") for place in (1, 2, 3, 4)]
    assert layers[4:8] == [(f"+{place} Dense", True, "no") for place in (5, 6, 7, 8)]
    assert layers[8][0].startswith("5→9 Dense")
    assert layers[8][2] == "yes"
    assert keras.run(wider.exec_tag).derived_from == [stopped.exec_tag]


def test_the_difference_of_the_two_reads_well(tag: str) -> None:
    """`diff` names the four new layers, and not the one behind the block."""
    first = trained(4, tag, epochs=1)
    second = block(8, tag)
    keras.continue_from("last", second)
    second.fit(*data(), epochs=1, verbose=0)
    names = [row[0] for row in keras.diff(first.exec_tag, second.exec_tag).parts["layer"].rows]
    assert names[:4] == ["+5 Dense", "+6 Dense", "+7 Dense", "+8 Dense"]
    assert not any("units" in name for name in names)


def test_weights_come_from_the_stored_model(tag: str, ask: Any) -> None:
    """By the run's tag: the newest stored model, recorded as read; no random number is drawn."""
    first = trained(2, tag, hyps=[*HYPS, "MODEL"])
    before, execution = weights_of(first), first.exec_tag
    del first
    second = block(3, tag)
    layer, state = keras.layers.Dense(1).name, random.getstate()
    found = keras.continue_from(execution, second, weights=True)
    assert random.getstate() == state
    assert int(keras.layers.Dense(1).name.rpartition("_")[2]) == int(layer.rpartition("_")[2]) + 1
    after = weights_of(second)
    assert same(before[:4] + before[-2:], after[:4] + after[-2:])
    second.fit(*data(), epochs=1, verbose=0)
    ((path, sha256),) = ask.set(tag, "iModelFile", "path, sha256")
    assert found.source == path
    assert sha256 in {row[-1] for row in keras.run(execution).files.rows}
    assert keras.origin(path).status == "known"


def test_a_checkpoint_that_was_changed_is_not_taken(tag: str, tmp_path: Path) -> None:
    """Its SHA-256 is checked: the file before it is used, and without one the error says all."""
    names = [tmp_path / f"{epoch}.keras" for epoch in (1, 2)]
    checkpoint = keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras"))
    first = trained(1, tag, callbacks=[checkpoint])
    names[1].write_bytes(b"something else")
    found = keras.continue_from(first.exec_tag, block(1, tag), weights=True)
    assert found.source == str(names[0])
    names[0].unlink()
    with pytest.raises(ValueError, match=r"changed since.*not there any more.*MODEL"):
        keras.continue_from(first.exec_tag, block(1, tag), weights=True)


def test_layers_that_do_not_fit_are_left_out(tag: str) -> None:
    """Other shapes are named with both; the layer keeps its own weights."""
    first = trained(1, tag, epochs=1)
    second = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    second.compile("sgd", "mse")
    second.provenance(tag)
    own = weights_of(second)
    found = keras.continue_from(first, second, weights=True)
    assert found.taken == ()
    assert [text.split(" → ")[0] for text in found.left_out.values()] == [
        "(4, 4) float32, (4,) float32",
        "(4, 1) float32, (1,) float32",
    ]
    assert "left out" in repr(found)
    assert same(own, weights_of(second))


def test_layers_that_derive_from_their_weights_go_on(tag: str) -> None:
    """BatchNormalization's averages and Normalization's statistics give the same predictions."""
    x, y = data()

    def build(adapted: bool) -> Any:
        normalization = keras.layers.Normalization()
        if adapted:
            normalization.adapt(x)
        layers = [normalization, keras.layers.BatchNormalization(), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((4,)), *layers])
        model.compile("sgd", "mse")
        model.provenance(tag)
        return model

    first, second = build(True), build(False)
    first.fit(x, y, epochs=2, verbose=0)
    keras.continue_from(first, second, weights=True)
    expected = np.asarray(first.predict(x, verbose=0))
    assert np.array_equal(expected, np.asarray(second.predict(x, verbose=0)))


def test_without_weights_only_the_differences_are_recorded(tag: str, ask: Any) -> None:
    """The model keeps its own weights, and the same execution records them once."""
    trained(1, tag, epochs=1)
    second = block(1, tag, rate=0.5)
    own = weights_of(second)
    found = keras.continue_from("last", second)
    assert same(own, weights_of(second))
    assert "weights of its own" in repr(found)
    for _ in range(2):
        second.fit(*data(), epochs=1, verbose=0)
    rows = ask.set(tag, "iContinuation", ROWS)
    assert rows == [("optimizer", "LEARNING_RATE", "0.01", "0.5", None)]


def test_the_rate_before_is_the_last_one(tag: str) -> None:
    """If it was adapted, what differs is against the rate that the run stopped with."""
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    trained(1, tag, callbacks=[halve], adaptation=True)
    second = block(1, tag, rate=0.0025, adaptation=True)
    keras.continue_from("last", second)
    second.fit(*data(), epochs=2, verbose=0)
    assert keras.run(second.exec_tag).derived_from
    assert keras.run(second.exec_tag).rows("iContinuation").rows == []


class TestErrors:
    """What cannot be continued is said by the call, which changes nothing then."""

    def test_of_the_run(self, tag: str) -> None:
        """It is unknown, was not captured, or has stored no model."""
        first, second = trained(1, tag, epochs=1), block(1, tag)
        with pytest.raises(UnknownTagError):
            keras.continue_from("never-was", second)
        plain = keras.Sequential([keras.layers.Dense(1)])
        with pytest.raises(ValueError, match="whose training was captured"):
            keras.continue_from(plain, second)
        with pytest.raises(ValueError, match="whose training was captured"):
            keras.continue_from(second, second)
        with pytest.raises(ValueError, match=r"has stored no model.*MODEL"):
            keras.continue_from(first.exec_tag, second, weights=True)
        second.fit(*data(), epochs=1, verbose=0)
        assert keras.run(second.exec_tag).derived_from == []

    def test_of_the_model(self, tag: str) -> None:
        """It is none, is not captured, or its execution was trained already."""
        first = trained(1, tag, epochs=1)
        with pytest.raises(TypeError, match="Expected the model"):
            keras.continue_from(first, "model")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="True or False"):
            keras.continue_from(first, first, weights="all")  # type: ignore[arg-type]
        with pytest.raises(RuntimeError, match=r"not captured: call model\.provenance"):
            keras.continue_from(first, keras.Sequential([keras.layers.Dense(1)]))
        with pytest.raises(RuntimeError, match="has been trained already"):
            keras.continue_from("last", first)

    def test_during_a_fit(self, tag: str) -> None:
        """A model that is being fitted is not continued into, nor from."""
        first, second, errors = trained(1, tag, epochs=1), block(1, tag), list[str]()

        class Late(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                for run, model in ((first, second), (second, block(1, tag))):
                    with pytest.raises((RuntimeError, ValueError)) as raised:
                        keras.continue_from(run, model)
                    errors.append(str(raised.value))

        second.fit(*data(), epochs=1, verbose=0, callbacks=[Late()])
        assert "during this model's fit()" in errors[0]
        assert "has ended" in errors[1]


def test_prov_says_what_differs(tag: str) -> None:
    """The training used each difference; they and the results are derived from those before."""
    trained(1, tag, epochs=1)
    second = block(2, tag)
    keras.continue_from("last", second)
    second.fit(*data(), epochs=1, verbose=0)
    keras.flush()
    found = prov_document(second.exec_tag)
    assert violations(found) == []
    text = json.dumps(json.loads(found.serialize(format="json")))
    assert "+2 Dense" in text
    derived = {
        (edge["prov:generatedEntity"], edge["prov:usedEntity"])
        for edge in json.loads(text)["wasDerivedFrom"].values()
    }
    ends = {tuple(re.split("[.:]", end)[-1] for end in ends) for ends in derived}
    assert ("icontinuation", "results") in ends
    assert ("results", "results") in ends


PROGRAM = """
import sys
import numpy as np
import keras_prov as keras

x = np.linspace(0, 1, 160, dtype="float32").reshape(40, 4)

class Block(keras.Model):
    def __init__(self, layers):
        super().__init__()
        self.block = [keras.layers.Dense(4, activation="relu") for _ in range(layers)]
        self.out = keras.layers.Dense(1)

    def call(self, x):
        for layer in self.block:
            x = layer(x)
        return self.out(x)

def build(layers, rate):
    keras.utils.set_random_seed(7)
    model = Block(layers)
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    model.provenance(sys.argv[1], hyps=["LEARNING_RATE"])
    return model

first, second = build(2, 0.01), build(3, 0.0)  # with a rate of 0, weights stay as they are
first.fit(x, x[:, :1], epochs=1, verbose=0)
found = keras.continue_from(first, second, weights=True)
assert not found.is_applied, "it is built already"
second.fit(x, x[:, :1], epochs=1, verbose=0)
before, after = first.get_weights(), second.get_weights()
pairs = zip(before[:4] + before[-2:], after[:4] + after[-2:])
assert all(np.array_equal(a, b) for a, b in pairs), "the weights are others"
assert len(found.taken) == 3 and len(found.new) == 1, found
rows = keras.run(second.exec_tag).rows("iContinuation").to_dicts()
print(sorted({row["weights"] for row in rows if row["kind"] == "layer"}))
"""


@pytest.mark.thorough
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_model_that_its_first_batch_builds_gets_them_then(
    backend: str, tag: str, home: Path
) -> None:
    """On each backend: before its first step, on TensorFlow while that is traced."""
    pytest.importorskip(backend)
    environment = {**os.environ, "KERAS_BACKEND": backend, "KERAS_PROV_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tag],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "['no', 'yes']\n"), done.stderr[-2000:]
