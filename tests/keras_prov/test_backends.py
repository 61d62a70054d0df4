"""On each of Keras' backends, a captured training is bit for bit the training it would have been.

Run as a script, ``test_backends.py plain|captured FOLDER``, this file trains each kind of model
once and prints what can be observed of it; the tests run it so, with and without capture, and
compare.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import inspect
import io
import json
import os
import random
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from dfanalyzer_client.config import settings
from dfanalyzer_client.delivery.clients import client_for
from store_conditions import (
    REFUSED,
    conflicting_writer,
    forget_messages,
    hanging_store,
    hear_retries,
)

ROOT = Path(__file__).parents[2]

# Each backend starts, and compiles, in processes of its own: minutes on a busy machine.
pytestmark = [pytest.mark.thorough, pytest.mark.timeout(1200)]

BACKENDS: dict[str, Any] = {
    "tensorflow": pytest.mark.exhaustive,
    "jax": (),
    "torch": pytest.mark.exhaustive,
}
"""Each with its marks: all take minutes, and TensorFlow trains in test_transparency.py, too."""
KINDS = (
    "sequential",
    "functional",
    "subclassed",
    "custom_step",
    "jit",
    "no_jit",
    "mixed",
    "steps",
    "mirrored",
    "refused",
    "hanging",
)
STORES = ("refused", "hanging")
"""Kinds that are trained as the first one, for stores that never take what is captured."""


def kinds_of(backend: str) -> list[str]:
    """The kinds of training that a backend has; only TensorFlow has a MirroredStrategy."""
    return [kind for kind in KINDS if kind != "mirrored" or backend == "tensorflow"]


@functools.cache
def observed(backend: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was seen of every kind of training, without capture and with it."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the backend {backend} is not installed")
    (folder / backend).mkdir()
    with conflicting_writer(settings.home()):
        running = [started(backend, arm, folder / backend / arm) for arm in ("plain", "captured")]
        said = [process.communicate() for process in running]
    for process, (_, errors) in zip(running, said, strict=True):
        assert process.returncode == 0, errors
    plain, captured = (json.loads(output.splitlines()[-1]) for output, _ in said)
    return plain, captured


def started(backend: str, arm: str, folder: Path) -> subprocess.Popen[str]:
    """The script, at work in a process of its own."""
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, __file__, arm, str(folder)],
        env={
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "",
            "JAX_PLATFORMS": "cpu",
            "KERAS_BACKEND": backend,
            "KERAS_PROV_EXIT_FLUSH": "0",
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
            ),
            "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),  # no arm finds the other's
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models are saved; of the plain arm beside the captured one."""
    return tmp_path_factory.mktemp("backends")


@pytest.mark.parametrize(
    ("backend", "kind"),
    [
        pytest.param(backend, kind, marks=marks)
        for backend, marks in BACKENDS.items()
        for kind in kinds_of(backend)
    ],
)
def test_a_captured_training_is_bit_identical(
    backend: str, kind: str, folder: Path, home: Path
) -> None:
    """Weights, optimizer, history, random state, names, what is printed and saved files agree.

    All the while another process changes definitions, so that ours is in conflict with it.
    """
    plain, captured = observed(backend, folder)
    assert captured[kind] == plain[kind]
    assert captured["last"] == plain["last"]


@pytest.mark.parametrize(
    "backend", [pytest.param(backend, marks=marks) for backend, marks in BACKENDS.items()]
)
def test_each_training_was_captured(backend: str, folder: Path, home: Path, ask: Any) -> None:
    """What is compared was captured: a training for each kind, each with its epochs."""
    plain, _ = observed(backend, folder)
    for kind, outcome in plain.items():
        if kind in (*STORES, "last"):
            continue
        epochs = [epoch for (epoch,) in ask.set(f"{backend}-{kind}", "oTrainingModel", "epoch_id")]
        assert epochs == list(range(len(outcome.get("history", {}).get("loss", ())))), kind


class Program:
    """The script: one process, one backend, captured or not."""

    def __init__(self, arm: str, folder: Path) -> None:
        self.captured = arm == "captured"
        self.folder = folder
        self.stores: dict[str, str] = {}
        self.keras: Any = importlib.import_module("keras_prov" if self.captured else "keras")
        self.backend = self.keras.config.backend()
        if self.backend == "tensorflow":
            self._split_the_processor()

    def run(self) -> dict[str, Any]:
        """Train every kind, and tell what is seen of each."""
        retries = hear_retries()
        with hanging_store() as hanging:
            self.stores = {"refused": REFUSED, "hanging": hanging}
            seen = {kind: self.observe(kind) for kind in kinds_of(self.backend)}
            if self.captured:
                assert retries.wait(60), "nobody of ours tried again"
                assert client_for().flush(60), "what was captured is not stored"
                for store in self.stores.values():
                    forget_messages(store)
        return {**seen, "last": self._state()}

    def observe(self, kind: str) -> dict[str, Any]:
        """Train one kind from a fresh state, and tell all that a program can see of it."""
        keras = self.keras
        keras.utils.clear_session()
        keras.mixed_precision.set_global_policy("mixed_float16" if kind == "mixed" else "float32")
        keras.utils.set_random_seed(11)
        printed = io.StringIO()
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
            warnings.simplefilter("always")
            try:
                seen = self.train(kind)
            except ValueError as error:  # as PyTorch has no steps_per_execution
                seen = {"error": str(error)}
        return {
            **seen,
            **self._state(),
            "stdout": re.sub(r"[0-9]+[mu]?s(/step|/epoch)?", "TIME", printed.getvalue()),
            "warnings": [f"{each.category.__name__}: {each.message}" for each in caught],
        }

    def train(self, kind: str) -> dict[str, Any]:
        """Compile, fit, evaluate, predict and save one model."""
        keras = self.keras
        x = np.random.rand(64, 4).astype("float32")
        y = x.sum(axis=1)
        with self._scope(kind):
            model = self._model(kind)
            if self.captured:
                tag, store = f"{self.backend}-{kind}", self.stores.get(kind)
                model.provenance(
                    tag, adaptation=True, hyps=self._all_keys(), store=store, steering=True
                )
            model.compile(
                keras.optimizers.Adam(0.01),
                "mse",
                metrics=["mae"],
                jit_compile={"jit": True, "no_jit": False}.get(kind, "auto"),
                steps_per_execution=3 if kind == "steps" else 1,
            )
        plateau = keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=9.0)
        history = model.fit(
            x, y, epochs=3, batch_size=8, validation_split=0.25, verbose=2, callbacks=[plateau]
        )
        evaluated = model.evaluate(x, y, verbose=0, return_dict=True)
        return {
            "history": history.history,
            "evaluated": evaluated,
            "predicted": digest([model.predict(x, verbose=0)]),
            "weights": digest(model.get_weights()),
            "optimizer": digest(self._arrays(model.optimizer.variables)),
            "names": [w.path for w in model.weights] + [each.name for each in model.layers],
            "optimizer names": [each.path for each in model.optimizer.variables],
            "attributes": sorted(vars(model)),
            "metrics": [each.name for each in model.metrics],
            "signatures": [str(inspect.signature(getattr(model, each))) for each in METHODS],
            "saved": self._saved(model, kind),
        }

    def _model(self, kind: str) -> Any:
        keras = self.keras
        layers = keras.layers
        if kind == "subclassed":
            return subclassed(keras)()
        inputs = keras.Input((4,))
        hidden = layers.Dropout(0.3)(layers.Dense(6, "relu")(inputs))
        if kind == "functional":
            return keras.Model(inputs, layers.Dense(1, dtype="float32")(hidden))
        if kind == "custom_step":
            return custom_step(keras)(inputs, layers.Dense(1)(hidden))
        return keras.Sequential(
            [layers.Dense(6, "relu"), layers.Dropout(0.3), layers.Dense(1, dtype="float32")]
        )

    def _all_keys(self) -> dict[str, bool]:
        return {each.key: True for each in self.keras.known_hyperparameters()}

    def _state(self) -> dict[str, Any]:
        """Where the sources of random numbers and of names stand."""
        keras = self.keras
        state = {
            "next name": keras.layers.Dense(1).name,
            "numpy": digest([np.random.get_state()[1]]),  # type: ignore[index]
            "python": hashlib.sha256(repr(random.getstate()).encode()).hexdigest(),
            "keras": digest(self._arrays([keras.random.normal((3,))])),
        }
        if self.backend == "torch":
            state["torch"] = digest([importlib.import_module("torch").get_rng_state().numpy()])
        return state

    def _saved(self, model: Any, kind: str) -> dict[str, Any]:
        """The files of the model, whole and weights alone, by what is in them."""
        whole, weights = self.folder / f"{kind}.keras", self.folder / f"{kind}.weights.h5"
        model.save(whole)
        model.save_weights(weights)
        with zipfile.ZipFile(whole) as archive:
            files = {name: archive.read(name) for name in sorted(archive.namelist())}
        return {
            **{name: file_content(name, content) for name, content in files.items()},
            weights.name: file_content(weights.name, weights.read_bytes()),
        }

    def _arrays(self, tensors: Iterable[Any]) -> list[Any]:
        return [self.keras.ops.convert_to_numpy(each) for each in tensors]

    def _scope(self, kind: str) -> contextlib.AbstractContextManager[Any]:
        if kind != "mirrored":
            return contextlib.nullcontext()
        tensorflow = importlib.import_module("tensorflow")
        scope: contextlib.AbstractContextManager[Any] = tensorflow.distribute.MirroredStrategy(
            ["CPU:0", "CPU:1"]
        ).scope()
        return scope

    def _split_the_processor(self) -> None:
        config = importlib.import_module("tensorflow").config
        (processor,) = config.list_physical_devices("CPU")
        config.set_logical_device_configuration(
            processor, [config.LogicalDeviceConfiguration()] * 2
        )


METHODS = ("fit", "evaluate", "predict", "compile", "save", "save_weights", "load_weights")


def digest(arrays: Iterable[Any]) -> str:
    """A hash of shapes, types and every bit of the arrays."""
    sha = hashlib.sha256()
    for array in map(np.ascontiguousarray, arrays):
        sha.update(f"{array.shape} {array.dtype}".encode() + array.tobytes())
    return sha.hexdigest()


def file_content(name: str, content: bytes) -> Any:
    """What is in a saved file, without when it was made and where objects lay in memory."""
    if name.endswith(".h5"):
        return h5_content(content)
    text = re.sub(r'"shared_object_id": [0-9]+', "", content.decode())
    return re.sub(r'"date_saved": "[^"]*"', "", text)


def h5_content(content: bytes) -> dict[str, Any]:
    """Each group and dataset of an HDF5 file, with its attributes and a hash of its values."""
    found: dict[str, Any] = {}

    def add(name: str, each: Any) -> None:
        values = digest([each[()]]) if isinstance(each, h5py.Dataset) else "group"
        found[name] = [values, {key: repr(value) for key, value in each.attrs.items()}]

    with h5py.File(io.BytesIO(content)) as file:
        add("/", file)
        file.visititems(add)
    return found


def subclassed(keras: Any) -> Any:
    """A model whose layers are its attributes."""

    class Subclassed(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first = keras.layers.Dense(6, "relu")
            self.drop = keras.layers.Dropout(0.3)
            self.second = keras.layers.Dense(1)

        def call(self, x: Any, training: bool = False) -> Any:
            return self.second(self.drop(self.first(x), training=training))

    return Subclassed


def custom_step(keras: Any) -> Any:
    """A functional model with a `train_step` of its own, as Keras' guides write it."""
    step = {"tensorflow": tensorflow_step, "jax": jax_step, "torch": torch_step}
    return type("Stepping", (keras.Model,), {"train_step": step[keras.config.backend()]})


def tensorflow_step(self: Any, data: Any) -> Any:
    tensorflow = importlib.import_module("tensorflow")
    x, y = data
    with tensorflow.GradientTape() as tape:
        predicted = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=predicted)
    variables = self.trainable_variables
    self.optimizer.apply(tape.gradient(loss, variables), variables)
    return step_metrics(self, y, predicted, loss)


def torch_step(self: Any, data: Any) -> Any:
    torch = importlib.import_module("torch")
    x, y = data
    self.zero_grad()
    predicted = self(x, training=True)
    loss = self.compute_loss(y=y, y_pred=predicted)
    loss.backward()
    weights = list(self.trainable_weights)
    with torch.no_grad():
        self.optimizer.apply([weight.value.grad for weight in weights], weights)
    return step_metrics(self, y, predicted, loss)


def step_metrics(model: Any, y: Any, predicted: Any, loss: Any) -> Any:
    for metric in model.metrics:
        if metric.name == "loss":
            metric.update_state(loss)
        else:
            metric.update_state(y, predicted)
    return {metric.name: metric.result() for metric in model.metrics}


def jax_step(self: Any, state: Any, data: Any) -> Any:
    jax = importlib.import_module("jax")
    trainable, fixed, optimizer, metrics = state
    x, y = data

    def loss_of(trainable: Any, fixed: Any) -> Any:
        predicted, changed = self.stateless_call(trainable, fixed, x, training=True)
        return self.compute_loss(x, y, predicted), (predicted, changed)

    gradient = jax.value_and_grad(loss_of, has_aux=True)
    (loss, (predicted, fixed)), gradients = gradient(trainable, fixed)
    trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
    told, new = {}, []
    for metric in self.metrics:
        count = len(metric.variables)
        own, metrics = metrics[:count], metrics[count:]
        given = (loss,) if metric.name == "loss" else (y, predicted)
        own = metric.stateless_update_state(own, *given)
        told[metric.name] = metric.stateless_result(own)
        new += own
    return told, (trainable, fixed, optimizer, new)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(Program(sys.argv[1], Path(sys.argv[2])).run()) + "\n")
