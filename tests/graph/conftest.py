"""A graph database for the tests of this folder, and a training to write into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import keras_prov as keras
from dfanalyzer_client import Attribute, AttributeType, Set, SetType, Transformation
from dfanalyzer_client.cli import main
from graph.arcade import GraphServer, graph_server
from small_models import data, small_model

EPOCHS = 5
HALVED = 3
"""The epoch that begins with half the learning rate."""
AUTHOR = "Ada Lovelace <ada@example.org>"
ODD = "it's \\u0027 C:\\users\\' }) DETACH DELETE n //\nnext line; ☃"
"""A text that would end a quoted one if it were not escaped."""


@dataclass
class Trained:
    """What was trained, and what Keras itself says of it."""

    execution: str
    dataflow: str
    history: dict[str, list[float]]
    tested: list[float]
    model: Path


def export(*arguments: str, code: int = 0, **options: Any) -> Result:
    """Run `keras-prov export`; an expected error is one line."""
    result = CliRunner().invoke(main, ["export", *arguments], **options, catch_exceptions=False)
    assert result.exit_code == code, result.output
    assert code != 1 or len(result.stderr.splitlines()) == 1, result.stderr
    return result


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphServer]:
    """A graph database that all tests of a worker share."""
    with graph_server(tmp_path_factory.mktemp("graph")) as running:
        yield running


@pytest.fixture
def graph(server: GraphServer, monkeypatch: pytest.MonkeyPatch) -> GraphServer:
    """The graph database, empty, with its password in the environment."""
    server.ask("MATCH (n) DETACH DELETE n")
    monkeypatch.setenv("KERAS_PROV_GRAPH_PASSWORD", server.password)
    return server


@pytest.fixture(scope="session")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training with data that were loaded before, a test, and a saved model."""
    tag = f"graph-{home.name}"
    path = tmp_path_factory.mktemp("model") / "line.keras"
    keys = ("OPTIMIZER_NAME", "LEARNING_RATE", "NUM_EPOCHS", "ENVIRONMENT", "DATASET", "MODEL")
    model = small_model(metrics=["mae"])
    model.provenance(tag, adaptation=True, hyps=dict.fromkeys(keys, True))
    dataflow = model.get_dataflow()
    dataflow.add_transformation(loading())
    with dataflow.task("LoadData") as task:
        task.used(dataset_name="line", dataset_source=ODD)
        task.generated(dataset_dir="/data/line")
    halve = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate / 2 if epoch == HALVED else rate
    )
    history = model.fit(*data(), epochs=EPOCHS, callbacks=[halve], verbose=0).history
    tested = model.evaluate(*data(), verbose=0)
    model.save(path)
    assert keras.flush(60)
    return Trained(dataflow.exec_tag, tag, history, tested, path)


def loading() -> Transformation:
    """DLProv's step that loads the data, under its names."""
    source = [Attribute(name, AttributeType.TEXT) for name in ("DATASET_NAME", "DATASET_SOURCE")]
    folder = Attribute("DATASET_DIR", AttributeType.FILE)
    return Transformation(
        "LoadData",
        [
            Set("iInputDataset", SetType.INPUT, source),
            Set("oLoadData", SetType.OUTPUT, [folder]),
        ],
    )
