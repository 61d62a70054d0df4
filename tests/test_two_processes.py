"""One process trains, another asks: rows appear while it trains, and survive its kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client.errors import PrivateServerError
from dfanalyzer_client.journal import journals, try_acquire
from dfanalyzer_client.private_server import PrivateServer
from warm import warm_python

COMMAND = [sys.executable, "-m", "dfanalyzer_client.cli"]

# Trains one epoch for each line it is told, so that the tests decide when an epoch ends.
TRAINING = """
import sys
import numpy as np
import keras_prov as keras

class OnDemand(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        print("ready", epoch, flush=True)
        sys.stdin.readline()

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
if hasattr(model, "provenance"):
    model.provenance(sys.argv[1], hyps={"NUM_EPOCHS": True})
model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=4, verbose=0, callbacks=[OnDemand()])
"""


class Training:
    """The training process, epoch by epoch."""

    def __init__(
        self, tag: str, script: str = TRAINING, python: Sequence[str] | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [*(python or warm_python()), "-c", script, tag],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self, epoch: int) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"ready {epoch}\n"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


def appears(ask: Any, statement: str, rows: list[tuple[Any, ...]]) -> bool:
    """Ask until the database answers with `rows`; the suite's time limit ends a hopeless wait."""
    while True:
        try:
            if ask.rows(statement, flush=False) == rows:
                return True
        except Exception as error:
            if "no such" not in str(error):  # the schema comes with the first row
                raise


def test_rows_appear_while_the_training_runs(tag: str, ask: Any) -> None:
    """Each epoch is seen by another process before the next one begins; the task is RUNNING."""
    training = Training(tag)
    epochs = f'SELECT epoch_id FROM "{tag}".otrainingmodel ORDER BY id'
    for epoch in range(3):
        training.ready(epoch)
        training.go()
        assert appears(ask, epochs, [(float(each),) for each in range(epoch + 1)])
        assert training.process.poll() is None
    status = f'SELECT status FROM "public".task WHERE id = (SELECT max(trainingmodel_task_id) FROM "{tag}".otrainingmodel)'  # noqa: E501
    assert ask.rows(status, flush=False) == [("RUNNING",)]
    training.ready(3)
    training.go()
    training.process.communicate()
    assert ask.rows(status, flush=False) == [("FINISHED",)]
    assert len(ask.rows(epochs, flush=False)) == 4


def test_a_killed_training_loses_no_finished_epoch(tag: str, ask: Any, home: Path) -> None:
    """kill -9 right after an epoch's end: `keras-prov sync` stores what the kill left, once."""
    training = Training(tag)
    for epoch in range(3):
        training.ready(epoch)
        training.go()
    training.ready(3)  # the third epoch's row was appended before the fourth began
    os.kill(training.process.pid, signal.SIGKILL)
    training.process.communicate()
    command = [*COMMAND, "sync"]
    for _ in range(2):
        subprocess.run(command, check=True, capture_output=True)
    assert ask.rows(f'SELECT epoch_id FROM "{tag}".otrainingmodel ORDER BY id') == [
        (0.0,),
        (1.0,),
        (2.0,),
    ]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, "INTERRUPTED"), (signal.SIGTERM, "ABANDONED")]
)
def test_signals_end_a_training_as_they_end_keras(
    tag: str, ask: Any, number: int, status: str
) -> None:
    """Exit status and traceback are those of plain Keras; the task tells how it ended."""
    ends = {}
    for name, script in (
        ("captured", TRAINING),
        ("plain", TRAINING.replace("import keras_prov as keras", "import keras")),
    ):
        training = Training(tag, script, [sys.executable])  # a fork of TensorFlow may abort
        training.ready(0)
        training.go()
        training.ready(1)
        if name == "captured":
            assert appears(ask, f'SELECT epoch_id FROM "{tag}".otrainingmodel', [(0.0,)])
        training.process.send_signal(number)
        complaints = training.process.communicate()[1]
        ends[name] = training.process.returncode, complaints.count("KeyboardInterrupt")
    assert ends["captured"] == ends["plain"]
    subprocess.run([*COMMAND, "sync"], check=True, capture_output=True)
    assert ask.rows(
        f'SELECT t.status FROM "public".task t JOIN "{tag}".otrainingend e '
        "ON e.trainingmodel_task_id = t.id"
    ) == [(status,)]


@pytest.mark.thorough
def test_sync_leaves_a_running_training_alone(tag: str, home: Path) -> None:
    """The journal of a running process is not taken over, and is listed as running."""
    training = Training(tag)
    training.ready(0)
    path = journals(home / "journals")[-1]
    assert try_acquire(path) is None
    listed = subprocess.run([*COMMAND, "journal"], check=True, capture_output=True, text=True)
    (line,) = [line for line in listed.stdout.splitlines() if path.name in line]
    assert "running" in line
    subprocess.run([*COMMAND, "sync"], check=True, capture_output=True)
    training.process.kill()
    training.process.communicate()


@pytest.mark.thorough
def test_a_server_killed_in_mid_training_comes_back(tag: str, ask: Any, home: Path) -> None:
    """kill -9 of the private server between two epochs: it is back or made anew, no row is lost."""
    server = PrivateServer(home)
    training = Training(tag)
    epochs = f'SELECT epoch_id FROM "{tag}".otrainingmodel ORDER BY id'
    training.ready(0)
    training.go()
    assert appears(ask, epochs, [(0.0,)])
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    for epoch in (1, 2, 3):
        training.ready(epoch)
        training.go()
    training.process.communicate()
    assert training.process.returncode == 0
    try:
        server.ensure()
    except PrivateServerError:  # MonetDB's kernel has been seen to lose a file to a kill
        subprocess.run([*COMMAND, "db", "rebuild", "--yes"], check=True, capture_output=True)
    subprocess.run([*COMMAND, "sync"], check=True, capture_output=True)
    assert ask.rows(epochs) == [(0.0,), (1.0,), (2.0,), (3.0,)]
    assert server.status().pid != pid
