"""A real training with all that a document can hold, and one that goes on with its model."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prov.identifier import QualifiedName

import keras_prov as keras
from dfanalyzer_client import Attribute, AttributeType, Set, SetType, Transformation
from dfanalyzer_client.export.prov import VOCABULARY, Names
from small_models import data, small_model

EPOCHS = 6
HALVED = (3, 4)
"""Epochs with another learning rate than the one before."""


@dataclass
class Trained:
    """What was trained, and what Keras itself says of it."""

    first: str
    second: str
    dataflow: str
    history: dict[str, list[float]]
    tested: list[float]
    model: Path
    sha256: str


@pytest.fixture(autouse=True)
def _known_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test exports, its classes and properties are in the vocabulary."""
    original = Names.term

    def term(names: Names, name: str) -> QualifiedName:
        assert name in VOCABULARY, name
        return original(names, name)

    monkeypatch.setattr(Names, "term", term)


@pytest.fixture
def graphviz() -> None:
    """Its program `dot`, which no Python package brings."""
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed: apt-get install graphviz")


@pytest.fixture(scope="module")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two executions of one dataflow; the second trains the model that the first has saved."""
    tag = f"prov-{tmp_path_factory.mktemp('x').name}-{home.name}"
    path = tmp_path_factory.mktemp("model") / "trained model.keras"
    model = small_model(metrics=["mae"])
    model.provenance(
        tag,
        adaptation=True,
        hyps={
            "OPTIMIZER_NAME": True,
            "LEARNING_RATE": True,
            "NUM_EPOCHS": True,
            "ENVIRONMENT": True,
            "DATASET": True,
        },
    )
    first = model.get_dataflow()
    first.add_transformation(block())
    with first.task("DenseBlock") as task:
        task.used(growth_rate=24, layers=4)
        task.used(growth_rate=24, layers=6)
        task.generated(features=96)
    halve = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate / 2 if epoch in HALVED else rate
    )
    history = model.fit(*data(), epochs=EPOCHS, callbacks=[halve], verbose=0).history
    tested = model.evaluate(*data(), verbose=0)
    model.save(path)
    second = loaded(path, tag)
    second.fit(*data(), epochs=2, verbose=0)
    assert keras.flush(60)
    return Trained(
        first.exec_tag,
        second.get_dataflow().exec_tag,
        tag,
        history,
        tested,
        path,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def block() -> Transformation:
    """A step of the domain, as the paper has one."""
    numeric = AttributeType.NUMERIC
    used = [Attribute("GROWTH_RATE", numeric), Attribute("LAYERS", numeric)]
    return Transformation(
        "DenseBlock",
        [
            Set("iDenseBlock", SetType.INPUT, used),
            Set("oDenseBlock", SetType.OUTPUT, [Attribute("FEATURES", numeric)]),
        ],
    )


def loaded(path: Path, tag: str) -> Any:
    """The model of a file, to be trained in an execution of its own."""
    model = keras.models.load_model(path)
    model.provenance(tag, hyps={"LEARNING_RATE": True})
    return model
