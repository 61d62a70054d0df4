"""Learning rates known without reading a device, on each backend: as Keras itself has them."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from keras_prov._inspection.host_schedules import EXACT, host_rate

ROOT = Path(__file__).parents[2]
BACKENDS = ("tensorflow", "jax", "torch")


@functools.cache
def printed(backend: str, *arguments: str) -> Any:
    """What the script prints on a backend."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the backend {backend} is not installed")
    process = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("rates_on_backend.py")), *arguments],
        env={
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "",
            "JAX_PLATFORMS": "cpu",
            "KERAS_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", BACKENDS)
def test_schedules_on_the_host_are_the_backends(backend: str, home: Path) -> None:
    """Bit by bit, but for cosines, which differ by 1.2e-7 of the highest rate at most."""
    steps = "60" if backend == "jax" else "300"  # each is dispatched by itself, and JAX takes long
    for found in printed(backend, "schedules", steps):
        if found["class"] in [each.__name__ for each in EXACT]:
            assert (found["different"], found["unknown"]) == (0, 0), found
        assert found["by"] <= np.finfo(np.float32).eps, found
        assert found["unknown"] <= 2, found


@pytest.mark.parametrize("floatx", ["float32", "float64"])
def test_schedules_of_four_operations_are_exact_at_each_step(floatx: str) -> None:
    """100,000 steps in a row, bit by bit as TensorFlow has them, whatever floatx is."""
    schedules = keras.optimizers.schedules
    steps = np.arange(100_000)
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        for schedule in (
            schedules.InverseTimeDecay(0.001, 1, 1e-4),
            schedules.InverseTimeDecay(0.3, 1000, 0.96, staircase=True),
            schedules.PiecewiseConstantDecay([10, 70_000], [0.1, 0.01, 0.3]),
            schedules.PolynomialDecay(0.1, 70_000, 0.01),
        ):
            expected = keras.ops.convert_to_numpy(schedule(steps))
            assert [host_rate(schedule, int(step)) for step in steps] == expected.tolist()
    finally:
        keras.config.set_floatx(before)


def test_the_backend_is_asked_where_the_host_cannot_know() -> None:
    """A class of the user's, arguments that are no plain floats, and the step of a restart."""
    schedules = keras.optimizers.schedules

    class Own(schedules.InverseTimeDecay):  # type: ignore[misc,name-defined]
        pass

    restarts = schedules.CosineDecayRestarts(0.1, 100)
    for other in (
        Own(0.1, 1, 0.5),
        schedules.ExponentialDecay(np.float32(0.1), 10, 0.9),
        schedules.ExponentialDecay(1, 10, 0.9),
        schedules.PiecewiseConstantDecay([1.5], [0.5, 0.25]),
        schedules.PiecewiseConstantDecay([1], [1, 2]),
        0.1,
        None,
    ):
        assert host_rate(other, 3) is None
    assert [host_rate(restarts, step) is None for step in (0, 99, 100, 101, 300)] == [
        *(False, False, True, False, True)
    ]


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", BACKENDS)
def test_each_epoch_stands_with_the_rate_that_keras_has(backend: str, home: Path, ask: Any) -> None:
    """However the rate or the step was changed: by callbacks, by hand, natively, in the graph."""
    for kind, found in printed(backend, "trainings").items():
        recorded = ask.set(found["tag"], "oTrainingModel", "learning_rate")
        assert [np.float32(rate) for (rate,) in recorded] == [
            np.float32(rate) for rate in found["rates"]
        ], kind


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", BACKENDS)
def test_variables_are_read_only_if_they_may_have_changed(backend: str, home: Path) -> None:
    """Epochs of Keras' own steps are not read; those that the user's code runs in are."""
    reads = {kind: found["reads"] for kind, found in printed(backend, "trainings").items()}
    assert reads["constant"] == 1
    assert reads["scheduler"] <= 2
    for kind in ("scheduled", "accumulated", "generator", "dataset"):
        assert reads[kind] <= 3, kind  # at the begin, after the first epoch, at the end
    assert reads["own step"] > 5
    if backend != "tensorflow":  # which shows no assignment
        for kind in ("setter", "assign", "native", "load"):
            assert reads[kind] <= 2, kind
