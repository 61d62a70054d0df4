"""Trainings in processes of their own: killed in mid-pause, started by others, unmodified."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import dfanalyzer_client
from warm import warm_python

ROOT = Path(__file__).parents[3]
MODEL = """
import numpy as np
import {keras} as keras

class Began(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 0:
            import keras_prov
            assert keras_prov.flush(60)
            print("began", flush=True)

def train(epochs):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    if {asks}:
        model.provenance({tag!r}, steering=True)
    x = np.ones((8, 2), "float32")
    model.fit(x, x[:, :1], epochs=epochs, verbose=0, callbacks=[Began()])
"""
FOREVER = 10**6


def program(tag: str, body: str, *, keras: str = "keras_prov", asks: bool = True) -> str:
    """The text of a program."""
    return MODEL.format(tag=tag, keras=keras, asks=asks) + body


@contextmanager
def running(command: list[str], home: Path) -> Iterator[subprocess.Popen[str]]:
    """A program whose training has begun; it is killed in the end."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "began\n"
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with its workers
        process.wait()


def asked(run: str, **what: object) -> list[str]:
    """The states of requests that a training is asked, once they are answered."""
    table = dfanalyzer_client.steer(run, person="Ada", wait=120, **what)  # type: ignore[arg-type]
    return [str(state) for state in table.column("state")]


def test_killed_in_a_pause_it_is_abandoned(tag: str, home: Path) -> None:
    """What waited is shown as not answered; the same program, run again, is not paused."""
    with running([*warm_python(), "-c", program(tag, f"train({FOREVER})")], home) as process:
        assert asked(tag, pause=True) == ["applied"]
        dfanalyzer_client.steer(tag, set={"learning_rate": 0.5}, at_epoch=FOREVER - 1)
        process.kill()
        process.wait()
    again = [*warm_python(), "-c", program(tag, "train(2)")]
    environment = {**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONPATH": str(ROOT)}
    subprocess.run(again, check=True, cwd=ROOT, env=environment, timeout=300)
    newest, killed = dfanalyzer_client.runs(dataflow=tag)
    assert (newest.status, newest.epochs) == ("FINISHED", 2)
    assert dfanalyzer_client.run(newest).steering.rows == []
    assert killed.status == "ABANDONED"
    states = dfanalyzer_client.run(killed).steering.column("state")
    assert states == ["applied", "not answered"]


@pytest.mark.thorough
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_workers_training_is_steered(method: str, tag: str, home: Path, tmp_path: Path) -> None:
    """What the parent lets be asked, of trainings in processes that it starts."""
    body = f"""
if __name__ == "__main__":
    import multiprocessing
    keras.capture(["LEARNING_RATE"], {tag!r}, steering=["stop"])
    worker = multiprocessing.get_context({method!r}).Process(target=train, args=({FOREVER},))
    worker.start()
    worker.join()
"""
    script = tmp_path / "program.py"
    script.write_text(program(tag, body, asks=False))
    with running([sys.executable, str(script)], home) as process:
        assert asked(tag, stop=True) == ["applied"]
        assert process.wait(120) == 0
    (run,) = dfanalyzer_client.runs(dataflow=tag)
    assert run.status == "FINISHED"


@pytest.mark.thorough
def test_an_unmodified_script_is_steered(tag: str, home: Path, tmp_path: Path) -> None:
    """With `keras-prov run --steering`."""
    script = tmp_path / "program.py"
    script.write_text(program(tag, f"train({FOREVER})", keras="keras", asks=False))
    command = [sys.executable, "-m", "dfanalyzer_client.cli", "run", "--tag", tag, "--steering"]
    with running([*command, str(script)], home) as process:
        assert asked(tag, set={"learning_rate": 0.5}) == ["applied"]
        assert asked(tag, stop=True) == ["applied"]
        assert process.wait(120) == 0
    (run,) = dfanalyzer_client.runs(dataflow=tag)
    assert dfanalyzer_client.run(run).steering.column("action") == ["set", "stop"]
