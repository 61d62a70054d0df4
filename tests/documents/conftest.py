"""A real training that is continued, and an execution whose texts are hostile."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
)
from dfanalyzer_client.cli import main
from small_models import data, small_model

AUTHOR = "Ada Lovelace <ada@example.org> https://orcid.org/0000-0002-1825-0097"
EPOCHS = 4
HALVED = 2

LINK = "[click](javascript:alert(1))"
HOSTILE = (
    LINK,
    "<script>alert(1)</script>",
    "![x](https://evil.example/x.png)",
    '"\n---\nlicense: mit\ninjected: true\n',
    "a | b | c\n# heading\n\n```\nfence",
    "`code` *bold* <img src=x onerror=alert(1)> &lt; \x1b[31m \u202e",
    'x"] --> y["z`#;%%',
)
"""Texts that would be markup, a link, HTML or metadata if they were not escaped."""


@dataclass
class Trained:
    """What was trained, and what Keras itself says of it."""

    execution: str
    continued: str
    dataflow: str
    rates: list[float]
    loss: float
    tested: float
    model: Path
    sha256: str


def command(*arguments: str, code: int = 0) -> Result:
    """Run `keras-prov document`; an expected error is one line."""
    result = CliRunner().invoke(main, ["document", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    assert code != 1 or len(result.stderr.splitlines()) == 1, result.stderr
    return result


def written(execution: str, form: str, *arguments: str) -> str:
    """A document of an execution."""
    return command(execution, "--as", form, *arguments).stdout


@pytest.fixture(scope="module")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Two trainings and a test in an execution, and another one that goes on from its model."""
    folder = tmp_path_factory.mktemp("model")
    path, tag = folder / "trained model.keras", f"docs-{folder.name}"
    keys = ("LEARNING_RATE", "OPTIMIZER_NAME", "LOSS", "DATASET", "ENVIRONMENT")
    model = small_model(metrics=["mae"])
    model.provenance(tag, adaptation=True, hyps=dict.fromkeys(keys, True))
    halve = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate / 2 if epoch == HALVED else rate
    )
    model.fit(*data(), epochs=EPOCHS, callbacks=[halve], validation_split=0.25, verbose=0)
    history = model.fit(*data(), epochs=1, verbose=0).history
    tested = model.evaluate(*data(), verbose=0)
    model.save(path)
    second = keras.models.load_model(path)
    second.provenance(tag, hyps={"LEARNING_RATE": True})
    second.fit(*data(), epochs=1, verbose=0)
    assert keras.flush(60)
    return Trained(
        model.exec_tag,
        second.exec_tag,
        tag,
        [0.01, 0.005],
        history["loss"][-1],
        tested[0],
        path,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )


@pytest.fixture(scope="module")
def hostile(home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An execution of texts, NaN and infinities, whose training failed."""
    tag = f"hostile-{tmp_path_factory.mktemp('x').name} {LINK}"
    text, numeric = AttributeType.TEXT, AttributeType.NUMERIC
    names = [f"H{number}" for number in range(len(HOSTILE))]
    flow = Dataflow(
        tag,
        [
            Transformation(
                "TrainingModel",
                [
                    Set(
                        "iTrainingModel",
                        SetType.INPUT,
                        [Attribute(name, text) for name in [*names, "LONG"]],
                    ),
                    Set(
                        "iTrial",
                        SetType.INPUT,
                        [Attribute(name, text) for name in ("STUDY", "TRIAL", "NAME", "VALUE")],
                    ),
                    Set(
                        "oTrainingModel",
                        SetType.OUTPUT,
                        [Attribute(name, numeric) for name in ("EPOCH_ID", "loss", "acc", "top")],
                    ),
                ],
            )
        ],
    )
    values: dict[str, Any] = dict(zip(names, HOSTILE, strict=True))

    def train() -> None:
        with flow.task("TrainingModel") as task:
            task.used("iTrainingModel", **values, LONG="z" * 10_000)
            task.used("iTrial", STUDY=LINK, TRIAL="7", NAME="rate", VALUE="0.1")
            task.generated(EPOCH_ID=0, loss=float("nan"), acc=float("inf"), top=0.5)
            raise RuntimeError(f"out of memory {LINK}")

    with pytest.raises(RuntimeError):
        train()
    assert dfanalyzer_client.flush(60)
    return flow.exec_tag
