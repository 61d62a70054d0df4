"""What `capture()` said holds in the processes that its program starts."""

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
from delivery.speaker import command
from keras_prov._capture import workers

TRAIN = """
import numpy as np
import keras_prov as keras

def train():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=2, verbose=0)

train()
with keras.capture({"LEARNING_RATE": True}, dataflow_tag=f"{TAG}-inner"):
    train()
train()
"""


def environment() -> dict[str, str]:
    """Ours, with the backend that is imported soonest."""
    backend = "torch" if importlib.util.find_spec("torch") else "tensorflow"
    return {**os.environ, "KERAS_BACKEND": backend}


@pytest.mark.thorough
def test_a_started_process_captures_what_its_parent_said(tag: str, ask: Any) -> None:
    """With its values; its own `capture()` comes first, and what the parent ended is over."""
    with keras.capture(
        {"NUM_EPOCHS": True},
        tag,
        hyperparameters=[("DROP", "NUMERIC"), ("WHO", "TEXT")],
        values={"WHO": "parent"},
    ):
        keras.log({"DROP": 0.5})
        script = TRAIN.replace("{TAG}", tag)
        subprocess.run([sys.executable, "-c", script], check=True, env=environment(), timeout=200)
    assert workers.VARIABLE not in os.environ
    columns = 'num_epochs, "drop", who'
    assert ask.set(tag, "iTrainingModel", columns) == [(2.0, 0.5, "parent")] * 2
    assert len(ask.set(f"{tag}-inner", "iTrainingModel")) == 1
    executions = 'SELECT count(DISTINCT df_exec) FROM "public".task t JOIN '
    own = f'"{tag}".itrainingmodel i ON i.trainingmodel_task_id = t.id'
    assert ask.one(executions + own) == 2


@pytest.mark.thorough
@pytest.mark.parametrize("library", ["joblib", "distributed", "ray"])
def test_workers_of_libraries_are_captured(library: str, tag: str, ask: Any, home: Path) -> None:
    """Each training of a sweep is there, FINISHED, as an execution of its own with its trial."""
    pytest.importorskip(library)
    script = Path(__file__).with_name("sweep.py")
    command_line = [sys.executable, str(script), library, tag]
    subprocess.run(command_line, check=True, env=environment(), timeout=300)
    runs = json.loads(command(home, "runs", "--dataflow", tag, "--json"))
    assert [(each["status"], each["epochs"]) for each in runs] == [("FINISHED", 2)] * 2
    assert sorted(ask.set(tag, "iTrial", "trial")) == [("0",), ("1",)]


def test_no_password_is_left_to_workers(
    tag: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They get the address alone, and the password of KERAS_PROV_STORE where that is the same."""
    url = "monetdb://ada:s3cret@db.example:50000/provenance"
    handle = keras.capture({"BATCH_METRICS": 3, "LEARNING_RATE": True}, tag, store=url)
    left = os.environ[workers.VARIABLE]
    handle.stop()
    assert "s3cret" not in left
    monkeypatch.setattr(workers, "_of_parent", left)
    assert workers.inherited() is None  # it is this process' own
    monkeypatch.setattr(workers, "_of_parent", json.dumps({**json.loads(left), "process": 1}))
    said = workers.inherited()
    assert said is not None
    assert (said["hyps"], said["dataflow_tag"]) == (
        {"BATCH_METRICS": 3, "LEARNING_RATE": True},
        tag,
    )
    assert said["store"] == "monetdb://ada@db.example:50000/provenance"
    monkeypatch.setenv("KERAS_PROV_STORE", url)
    said = workers.inherited()
    assert said is not None
    assert said["store"].password == "s3cret"
    monkeypatch.setenv("KERAS_PROV_WORKERS", "0")
    assert workers.inherited() is None
    with keras.capture({}, tag):
        assert os.environ[workers.VARIABLE] != left  # what was inherited, not what is said here


def test_a_trial_of_which_nothing_is_captured_says_so_once(
    tag: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the cure; with capture on, nothing is said."""
    monkeypatch.setattr("keras_prov._recording.trials._has_warned", False)
    with keras.capture({}, tag), keras.trial("rates", 0):
        pass
    assert not caplog.records
    for number in range(2):
        with keras.trial("rates", number):
            pass
    (record,) = caplog.records
    assert "keras_prov.capture(" in record.getMessage()
