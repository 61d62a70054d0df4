"""One process with several devices is steered as a whole; several processes refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(900)]

TESTS = Path(__file__).parents[2]

TRAINING = """
import contextlib, json, os, sys
sys.path.insert(0, {tests!r})
os.environ["KERAS_BACKEND"] = {backend!r}
{before}
import keras
import numpy as np
from small_models import data, small_model
from steered import Ask, asked, outcomes

def rate_by_hand(model):
    class Change(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2 and self.params.get("epochs"):
                self.model.optimizer.learning_rate = 0.1
    return [Change()]

def trained(callbacks, steering):
    with {scope}:
        model = small_model()
    if steering:
        model.provenance("distributed", adaptation=True, steering=True)
    model.fit(*data(), batch_size=8, epochs=1, verbose=0, callbacks=callbacks(model))
    return model

steered = trained(lambda model: [Ask({{(0, 2): [asked("set", "learning_rate", 0.1)]}})], True)
found = outcomes(steered)
same = None
if {compare}:
    plain = trained(rate_by_hand, False)
    same = all(map(np.array_equal, steered.get_weights(), plain.get_weights()))
print(json.dumps([[each["state"], each.get("detail")] for each in found]))
print(json.dumps(same))
"""

TWO_CPUS = """
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
"""
PARALLEL = """
import keras
assert len(keras.distribution.list_devices()) == 2
keras.distribution.set_distribution(keras.distribution.DataParallel())
"""
GLOO = """
import torch.distributed
torch.distributed.init_process_group(
    "gloo", init_method="file://{file}", rank={rank}, world_size=2
)
"""


def started(script: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> list[Any]:
    """The outcomes, and whether the weights are the same as without steering."""
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    return [json.loads(line) for line in output.splitlines()[-2:]]


def script(backend: str, before: str = "", scope: str = "contextlib.nullcontext()") -> str:
    compare = "init_process_group" not in before
    return TRAINING.format(
        tests=str(TESTS), backend=backend, before=before, scope=scope, compare=compare
    )


def test_all_replicas_take_the_same_step() -> None:
    """With a MirroredStrategy of two devices, the rate holds for both from the next step."""
    scope = 'tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope()'
    process = started(script("tensorflow", TWO_CPUS, scope))
    assert said(process) == [[["applied", None]], True]


def test_parallel_data_of_jax() -> None:
    """With `keras.distribution` over two devices of JAX, likewise."""
    flags = "--xla_force_host_platform_device_count=2"
    process = started(script("jax", PARALLEL), XLA_FLAGS=flags)
    assert said(process) == [[["applied", None]], True]


def test_several_processes_refuse(tmp_path: Path) -> None:
    """A training of two processes of torch.distributed refuses in both, if both record it."""
    file = tmp_path / "rendezvous"
    scripts = [script("torch", GLOO.format(file=file, rank=rank)) for rank in range(2)]
    processes = [started(each, KERAS_PROV_REPLICAS="all") for each in scripts]
    for process in processes:
        ((state, detail),), _ = said(process)
        assert state == "refused"
        assert "several processes" in detail
