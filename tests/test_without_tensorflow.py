"""`keras-prov-core` beside JAX or PyTorch alone: no TensorFlow, and nothing that misses it."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

from build_support import distributions
from build_support.kernel import KERNELS, running_platform
from installation import InstalledPython, copied_sources, output
from keras_prov._version import __version__

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(running_platform() not in KERNELS, reason="there is no private server here"),
]

BACKENDS = {
    "jax": "jax",
    "torch": "torch==2.13.*",  # as in the extra keras-tests
}

TRAINING = """
import numpy as np
import keras_prov as keras

x = np.linspace(0, 1, 256, dtype="float32").reshape(64, 4)
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.provenance("free", adaptation=True, hyps="all")
model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse", metrics=["mae"])
halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch == 2 else rate)
history = model.fit(x, x.sum(axis=1), epochs=4, callbacks=[halve], verbose=0)
model.evaluate(x, x.sum(axis=1), verbose=0)
model.save("model.keras")
keras.models.load_model("model.keras")
print([float(each) for each in history.history["loss"]])
"""


@pytest.fixture(scope="module")
def core_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of keras-prov-core for this platform."""
    folder = tmp_path_factory.mktemp("core")
    settings = {distributions.SETTING: distributions.CORE, "KERAS_PROV_KERNEL": "require"}
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist")]
    output(command, copied_sources(folder / "tree"), {**os.environ, **settings})
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module", params=BACKENDS)
def installed(
    request: pytest.FixtureRequest, core_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, InstalledPython]:
    """An environment that has a backend, ours and linked, and keras-prov-core, installed by pip."""
    backend: str = request.param
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the backend {backend} is not installed")
    python = InstalledPython.created(tmp_path_factory.mktemp(backend))
    python.link(["keras", BACKENDS[backend]])
    python.command("python", "-m", "pip", "install", "-q", str(core_wheel))
    return backend, python


def test_a_training_is_captured_without_tensorflow(installed: tuple[str, InstalledPython]) -> None:
    """pip misses nothing, TensorFlow is not there, and the rows are those of the training."""
    backend, python = installed
    environment = {
        "KERAS_BACKEND": backend,
        "KERAS_PROV_HOME": str(python.directory / "home"),
        "KERAS_PROV_STRICT": "1",
    }

    assert "No broken requirements" in python.command("python", "-m", "pip", "check")
    listed = json.loads(python.command("python", "-m", "pip", "list", "--format", "json"))
    names = {package["name"].lower().replace("_", "-") for package in listed}
    assert "keras-prov-core" in names
    assert [name for name in names if "tensorflow" in name or name == "keras-prov"] == []

    def ask(statement: str) -> list[list[object]]:
        told = python.command("keras-prov", "sql", "--json", statement, **environment)
        return [list(row.values()) for row in json.loads(told)]

    try:
        losses = json.loads(python.run(TRAINING, **environment))
        assert ask('SELECT optimizer_name, momentum, backend FROM "free".itrainingmodel') == [
            ["SGD", 0.9, backend]
        ]
        epochs = ask('SELECT loss, learning_rate FROM "free".otrainingmodel ORDER BY epoch_id')
        assert [loss for loss, _ in epochs] == pytest.approx(losses)
        assert [rate for _, rate in epochs] == pytest.approx([0.1, 0.1, 0.05, 0.05])
        assert ask('SELECT epoch_id FROM "free".oadaptation') == [[2.0]]
        assert ask('SELECT count(*) FROM "free".otestingmodel') == [[1]]
        assert ask("SELECT count(*) FROM \"public\".task WHERE status <> 'FINISHED'") == [[0]]
        document = python.command(
            "keras-prov", "export", "last", "--format", "provn", **environment
        )
        assert f"Keras-Prov {__version__}" in document
    finally:
        python.command("keras-prov", "server", "stop", **environment)


def test_the_command_knows_what_is_installed(installed: tuple[str, InstalledPython]) -> None:
    """It has a version, and errors that say how to fix them do not bring TensorFlow after all."""
    _, python = installed

    version = python.command("keras-prov", "--version")
    told = python.try_command("keras-prov", "serve")

    assert version == f"keras-prov, version {__version__}\n"

    assert told.returncode == 1
    assert "pip install 'keras-prov-core[service]'" in told.stderr
