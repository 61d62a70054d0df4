"""LoRA and quantization are steps of their own, between the trainings that they lie between."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import keras_prov as keras

X = np.ones((8, 4), "float32")
STEPS = "modifyingmodel_task_id, step, layer, lora_rank, quantization_mode, epoch_id"

# Keras warns of each input: it has no weights to quantize
pytestmark = pytest.mark.filterwarnings("ignore:.*does not have a `quantize` method")


def nested() -> Any:
    dense = keras.layers.Dense
    inner = keras.Sequential([keras.Input((4,)), dense(3, name="wide")], name="inner")
    model = keras.Sequential([keras.Input((4,)), inner, dense(1, name="head")])
    model.compile(keras.optimizers.SGD(0.01), loss="mse")
    return model


def trained(model: Any) -> None:
    model.fit(X, X[:, :1], epochs=2, verbose=0)


class Recorded(NamedTuple):
    """What is recorded of a model that is adapted, trained and quantized, and of a copy of it."""

    steps: list[dict[str, Any]]
    tasks: dict[str, list[int]]
    statements: str
    line: int
    copies: list[Any]


@pytest.fixture(scope="module")
def recorded(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """LoRA, a training, a refused LoRA, quantization, a test; then the model saved and loaded."""
    with keras.capture({"OPTIMIZER_NAME": True}, "modified"):
        model = nested()
        line = line_of("LoRA comes first")
        model.layers[0].layers[0].enable_lora(2, lora_alpha=4)  # LoRA comes first
        trained(model)
        with pytest.raises(ValueError, match="already enabled"):
            model.layers[0].layers[0].enable_lora(2)
        model.quantize("int8", filters="wide|head")
        model.evaluate(X, X[:, :1], verbose=0)
        tag = model.exec_tag
        file = tmp_path_factory.mktemp("saved") / "model.keras"
        model.save(file)
        loaded = keras.models.load_model(file)
        loaded.evaluate(X, X[:, :1], verbose=0)
        copy = loaded.exec_tag
        keras.flush(60)
    run = keras.run(tag)
    statements = keras.prov_document(tag).get_provn()
    with keras.capture({"OPTIMIZER_NAME": True}, "modified"):
        model.evaluate(X, X[:, :1], verbose=0)
        again = model.exec_tag
        keras.flush(60)
    tasks: dict[str, list[int]] = {}
    for task in run.tasks.to_dicts():
        tasks.setdefault(task["transformation"], []).append(task["task"])
    return Recorded(
        run.rows("oModification").to_dicts(),
        tasks,
        statements,
        line,
        [keras.run(each) for each in (copy, again)],
    )


def line_of(comment: str) -> int:
    lines = enumerate(Path(__file__).read_text(encoding="utf-8").splitlines(), 1)
    return next(number for number, line in lines if line.endswith(f"# {comment}"))


def test_each_step_has_its_layers(recorded: Recorded) -> None:
    """What was done to which layer, with which arguments, where, and what it made of it."""
    lora, wide, head = recorded.steps
    assert (lora["step"], lora["layer"], lora["class"]) == ("enable_lora", "inner/wide", "Dense")
    assert (lora["lora_rank"], lora["lora_alpha"]) == (2, 4)
    assert lora["arguments"] == '{"rank": 2, "lora_alpha": 4}'
    assert (lora["old_trainable"], lora["new_trainable"]) == (15, 17)  # 4*3+3, 4*2+2*3+3
    assert lora["epoch_id"] is None
    assert lora["called_at"] == f"{__file__}:{recorded.line}"
    assert [each["layer"] for each in (wide, head)] == ["inner/wide", "head"]
    assert {each["quantization_mode"] for each in (wide, head)} == {"int8"}
    assert (head["old_dtype"], head["new_dtype"]) == ("float32", "int8_from_float32")
    assert (head["lora_rank"], head["old_trainable"], head["new_trainable"]) == (None, 4, 1)
    assert head["epoch_id"] == 1
    assert '"mode": "int8"' in head["arguments"]
    assert '"filters": "wide|head"' in head["arguments"]


def test_a_step_is_a_task_that_others_follow(recorded: Recorded) -> None:
    """One before the training and one after it; the call that Keras refused has changed nothing."""
    assert len(recorded.tasks["modifyingmodel"]) == 2
    for after, before in (
        ("trainingmodel.1", "modifyingmodel.1"),
        ("modifyingmodel.2", "trainingmodel.1"),
        ("testingmodel.1", "modifyingmodel.2"),
    ):
        assert f"wasInformedBy(run:task.{after}, run:task.{before})" in recorded.statements
    written = re.findall(r"wasGeneratedBy\(\S*omodification\.", recorded.statements)
    assert len(written) >= len(recorded.steps)


def test_a_copy_has_been_through_no_step(recorded: Recorded) -> None:
    """A loaded model is built with LoRA and int8, and a step is in one execution of its model."""
    for run in recorded.copies:
        assert len(run.tests) == 1
        assert "omodification" not in run.sets


def test_a_step_before_provenance_is_recorded_with_the_first_training(tag: str, ask: Any) -> None:
    """Also if it is of a part that was changed on its own, in each model that it is a part of."""
    model = nested()
    model.layers[0].quantize("int8")
    other = keras.Sequential([keras.Input((4,)), model.layers[0]], name="other")
    for each in (model, other):
        each.compile("sgd", "mse")
        each.provenance(tag)
        trained(each) if each is model else each.evaluate(X, X[:, :3], verbose=0)
    assert ask.set(tag, "oModification", "step, layer, quantization_mode") == [
        ("quantize", "inner/wide", "int8"),
        ("quantize", "inner/wide", "int8"),
    ]
    step, training = keras.run(model.exec_tag).tasks.to_dicts()
    assert step["began"] < step["ended"] < training["began"]


class Fragile(keras.layers.Layer):
    """A layer that cannot be quantized."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(shape[-1],))

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale

    def quantize(self, mode: str, type_check: bool = True, config: Any = None) -> None:
        raise ZeroDivisionError("no scale")


def test_a_step_that_fails_half_way_is_recorded(tag: str, ask: Any) -> None:
    """The error is the user's, and what was changed before it is known."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="first"), Fragile()])
    model.provenance(tag)
    with pytest.raises(ZeroDivisionError, match="no scale"):
        model.quantize("int8")
    assert ask.set(tag, "oModification", "step, layer") == [("quantize", "first")]
    (task,) = keras.run(model.exec_tag).tasks.to_dicts()
    assert (task["transformation"], task["status"]) == ("modifyingmodel", "FAILED")
    assert "no scale" in task["error"]


def test_where_nothing_is_captured_nothing_is_recorded(ask: Any) -> None:
    """The calls return, warn and change as in plain Keras, also once ours are undone."""
    model = nested()
    assert model.layers[1].enable_lora(1) is None
    keras.uninstrument()
    try:
        assert not hasattr(keras.layers.Dense.enable_lora, "__wrapped__")
        assert model.quantize("int8") is None
        assert model.layers[1].quantization_mode == "int8"
    finally:
        keras.instrument()
