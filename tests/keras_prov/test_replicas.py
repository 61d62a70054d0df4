"""Of processes that train one model together, the first one records it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import keras.src.backend.config as keras_config
import numpy as np
import pytest

import keras_prov as keras
from keras_prov._capture import replicas
from keras_prov._capture.replicas import Place, place_of

X = np.ones((8, 2), "float32")
TOGETHER = """
import os, sys
os.environ["KERAS_BACKEND"] = "jax"
import jax
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize(sys.argv[1], 2, int(sys.argv[2]))
import numpy as np
import keras_prov as keras
keras.distribution.set_distribution(
    keras.distribution.DataParallel(
        devices=keras.distribution.list_devices(), auto_shard_dataset=False
    )
)
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.provenance(sys.argv[3], hyps=["REPLICAS"])
model.compile(keras.optimizers.SGD(0.01), "mse")
x = np.ones((64, 4), "float32")
print(model.fit(x, x.sum(axis=1), batch_size=16, epochs=2, verbose=0).history["loss"])
"""


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is the second of two that train every model together."""
    monkeypatch.setattr(replicas, "place_of", lambda _: Place(1, 2))
    monkeypatch.setattr(replicas, "_has_said", False)


def trained(tag: str):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.provenance(tag)
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    model.fit(X, X[:, :1], verbose=0)
    model.evaluate(X, X[:, :1], verbose=0)
    return model


def executions(tag: str, ask) -> int:
    return ask.one(
        'SELECT count(*) FROM "public".dataflow_execution e JOIN "public".dataflow d '
        "ON d.id = e.df_id WHERE d.tag = %s",
        tag,
    )


@pytest.mark.usefixtures("second")
def test_another_than_the_first_records_nothing(tag, ask, caplog, monkeypatch):
    """It says so once, and what a script asks of its model is answered as in the first process.

    With KERAS_PROV_REPLICAS=all, it records a training of its own.
    """
    model = trained(tag)
    assert model.exec_tag.startswith(tag)
    assert model.get_dataflow().tag == tag
    with keras.training(model, dataflow_tag=tag) as run:
        run.epoch(loss=1.0)
    with keras.capture(dataflow_tag=tag):
        other = keras.Sequential([keras.layers.Dense(1)])
        other.compile("sgd", "mse")
        other.fit(X, X[:, :1], verbose=0)
        assert other.exec_tag.startswith(tag)
        other.provenance(tag)
    monkeypatch.setenv("KERAS_PROV_REPLICAS", "all")
    trained(f"{tag}-all")
    assert executions(tag, ask) == 0
    assert executions(f"{tag}-all", ask) == 1
    assert caplog.text.count("number 2 of 2") == 1


@pytest.mark.parametrize(
    ("kind", "index", "jobs", "place"),
    [
        ("worker", 1, {"worker": ["a", "b"]}, (1, 2)),
        ("chief", 0, {"chief": ["a"], "worker": ["b"]}, (0, 2)),
        ("worker", 0, {"chief": ["a"], "worker": ["b"]}, (1, 2)),
        ("evaluator", 0, {"worker": ["a"], "evaluator": ["b"]}, (0, 1)),
    ],
)
def test_workers_of_tensorflow(kind, index, jobs, place, monkeypatch):
    """A chief is the first, and else the first worker; other strategies have one process."""
    import tensorflow as tf

    class Strategy:
        cluster_resolver = SimpleNamespace(
            task_type=kind,
            task_id=index,
            cluster_spec=lambda: SimpleNamespace(as_dict=lambda: jobs),
        )

    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", Strategy)
    assert place_of(SimpleNamespace(distribute_strategy=Strategy())) == place
    assert place_of(SimpleNamespace(distribute_strategy=object())) == (0, 1)


def test_processes_of_torch(monkeypatch):
    """Those of the default group, once there is one."""
    group = SimpleNamespace(
        is_available=lambda: True,
        is_initialized=lambda: True,
        get_rank=lambda: 2,
        get_world_size=lambda: 4,
    )
    monkeypatch.setattr(keras_config, "_BACKEND", "torch")
    monkeypatch.setitem(sys.modules, "torch.distributed", group)
    assert place_of(object()) == (2, 4)
    group.is_initialized = lambda: False
    assert place_of(object()) == (0, 1)


@pytest.mark.thorough
def test_two_processes_of_jax_are_one_execution(tag, ask, home, tmp_path):
    """Both have the same losses; one execution has them, once for each epoch."""
    pytest.importorskip("jax")
    script = tmp_path / "together.py"
    script.write_text(textwrap.dedent(TOGETHER))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), address, str(number), tag],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    printed = [process.communicate(timeout=200) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], printed
    losses = [out.strip().splitlines()[-1] for out, _ in printed]
    assert losses[0] == losses[1]
    assert str([loss for (loss,) in ask.set(tag, "oTrainingModel", "loss")]) == losses[0]
    assert ask.set(tag, "iTrainingModel", "replicas") == [(2.0,)]
    assert executions(tag, ask) == 1
