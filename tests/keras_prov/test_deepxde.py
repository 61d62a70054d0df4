"""DeepXDE trains in a loop of its own: what it displays is recorded, by itself.

They need the extra ``libraries``. A program has one backend of DeepXDE, so each is a program.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import keras_prov as keras

pytestmark = [
    pytest.mark.thorough,  # each starts a backend
    pytest.mark.skipif(importlib.util.find_spec("deepxde") is None, reason="no deepxde"),
]

NEEDS = {
    "pytorch": ["torch"],
    "tensorflow": ["tensorflow_probability", "tf_keras"],
    "jax": ["jax", "flax", "optax"],
}
DECAYS = {
    "pytorch": ("step", 10, 0.5),
    "tensorflow": ("inverse time", 10, 1.0),
    "jax": ("exponential", 10, 0.5),
}
SCRIPT = """
import json
import os
import random
import sys

random.seed(7)  # with TensorFlow, DeepXDE creates its initializers when it is imported
import deepxde as dde

if sys.argv[1] != "plain":
    import keras_prov as keras

    keras.capture("all", sys.argv[1])

dde.config.set_random_seed(7)
line = dde.geometry.Interval(-1, 1)
zero = dde.icbc.DirichletBC(line, lambda x: 0 * x, lambda x, is_end: is_end)


def poisson(x, y):
    hessian = dde.grad.hessian(y, x)
    return (hessian[0] if os.environ["DDE_BACKEND"] == "jax" else hessian) + 1


class Stop(dde.callbacks.Callback):
    def on_epoch_begin(self):
        raise ZeroDivisionError("stopped by hand")


data = dde.data.PDE(line, poisson, zero, 8, 2, solution=lambda x: (1 - x**2) / 2, num_test=8)
model = dde.Model(data, dde.nn.FNN([1, 4, 1], "tanh", "Glorot uniform"))
decay = json.loads(sys.argv[2])
model.compile("adam", lr=0.02, decay=decay, metrics=["l2 relative error"], verbose=0)
model.train(iterations=20, display_every=10, verbose=0)
if os.environ["DDE_BACKEND"] != "jax":
    dde.optimizers.set_LBFGS_options(maxiter=3)
    model.compile("L-BFGS", verbose=0)
    model.train(verbose=0)
model.compile("adam", lr=0.01, verbose=0)
try:
    model.train(iterations=5, verbose=0, callbacks=[Stop()])
except ZeroDivisionError:
    print(json.dumps([[float(part) for part in row] for row in model.losshistory.loss_train]))
"""


@pytest.mark.parametrize(
    "backend",
    [
        each if each == "pytorch" else pytest.param(each, marks=pytest.mark.exhaustive)
        for each in NEEDS
    ],
)
def test_what_deepxde_displays_is_recorded(
    backend: str, tag: str, home: Path, tmp_path: Path
) -> None:
    """Each `train()` is a training, each displayed step a row; the losses are those without us."""
    for module in NEEDS[backend]:
        pytest.importorskip(module)
    environment = {
        **os.environ,
        "DDE_BACKEND": backend,
        "KERAS_PROV_HOME": str(home),
        "KERAS_BACKEND": "tensorflow",
    }

    def losses(flow: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, flow, json.dumps(DECAYS[backend])],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    trained = losses(tag)
    assert trained == losses("plain")
    (summary,) = keras.runs(dataflow=tag)
    run = keras.run(summary.execution)
    rows = run.metrics.to_dicts()
    assert [[row["loss_0"], row["loss_1"]] for row in rows] == trained
    assert [row["loss"] for row in rows] == pytest.approx([sum(parts) for parts in trained])
    assert [row["step"] for row in rows[:3]] == [0, 10, 20]
    assert all(row["val_l2_relative_error"] > 0 for row in rows[:3])
    assert pytest.approx(rows[0]["learning_rate"]) == 0.02
    assert rows[2]["learning_rate"] < 0.015
    chosen = run.configuration.to_dicts()
    assert chosen[0]["optimizer_name"].lower() == "adam"
    assert (chosen[0]["loss"], chosen[0]["metrics"]) == ("MSE", '["l2 relative error"]')
    states = [task["status"] for task in run.tasks.to_dicts() if "trainingmodel" in str(task)]
    assert states == ["FINISHED"] * (len(chosen) - 1) + ["FAILED"]
    if backend != "jax":
        assert chosen[1]["optimizer_name"].replace("-", "") == "LBFGS"
        assert chosen[0]["num_parameters"] == 13
    if backend == "tensorflow":
        assert len(run.layers) == 2
