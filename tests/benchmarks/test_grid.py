"""The grid of trainings: all of the paper's, resumable, on this machine or on a Dask cluster."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from dask.distributed import LocalCluster
from joblib.externals.loky.process_executor import TerminatedWorkerError
from rich.console import Console

import benchmarks.grid
from benchmarks.configurations import Configuration, done, grid, left_of
from benchmarks.dense_ed_training import Outcome
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "benchmarks.grid", "--samples", "4", "--jobs", "2", "--quick"]


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A data folder of this test alone; its server is stopped at the end."""
    folder = tmp_path / "own"
    yield folder
    PrivateServer(folder).stop()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the data, which is computed once."""
    return tmp_path_factory.mktemp("data")


def started(own: Path, data: Path, *arguments: str) -> subprocess.Popen[str]:
    """The grid in a group of processes of its own."""
    return subprocess.Popen(
        [*COMMAND, "--folder", str(data), *arguments],
        cwd=ROOT,
        env={**os.environ, "KERAS_PROV_HOME": str(own)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What a grid said that ended well."""
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return said


def statuses(own: Path) -> Counter[tuple[Any, ...]]:
    """How many trainings of each configuration have ended how."""
    connection = Connection(PrivateServer(own).ensure())
    rows = connection.query(
        "SELECT i.num_epochs, i.momentum, i.repetition, t.status "
        'FROM "densed".itrainingmodel i JOIN "public".task t ON t.id = i.trainingmodel_task_id'
    )
    connection.close()
    return Counter(rows)


def finished(own: Path) -> int:
    """How many trainings have ended well."""
    connection = Connection(PrivateServer(own).ensure())
    found = done(connection)
    connection.close()
    return len(found)


def test_the_papers_grid_is_whole() -> None:
    """36 configurations, five times each, none twice."""
    wanted = grid(repetitions=5)
    assert len({each.key for each in wanted}) == len(wanted) == 180
    assert wanted[0] == Configuration(20, 0.0005, 1e-4, 0.5)
    finished = {wanted[0].key, Configuration(20, 0.0005000000237487257, 1e-4, 0.9).key}
    assert len(left_of(wanted, finished)) == 178


@pytest.mark.exhaustive
def test_a_grid_that_was_killed_does_what_is_left(own: Path, data: Path) -> None:
    """Each configuration ends well once; what was killed is ABANDONED, and trained again."""
    process = started(own, data, "--jobs", "1")
    while not own.exists() or not list((own / "journals").glob("*.journal")):
        assert process.poll() is None, process.communicate()[1]
    while not finished(own):
        assert process.poll() is None, process.communicate()[1]
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = finished(own)
    said = ended(started(own, data))
    assert f"4 trainings, {before} of them done already." in said
    assert 1 <= before < 4
    found = statuses(own)
    assert {key: count for key, count in found.items() if key[3] == "FINISHED"} == {
        (epochs, momentum, 0.0, "FINISHED"): 1 for epochs in (1.0, 2.0) for momentum in (0.5, 0.9)
    }
    assert {key[3] for key in found} <= {"FINISHED", "ABANDONED"}
    assert "4 trainings, 4 of them done already." in ended(started(own, data))


@pytest.mark.exhaustive
def test_a_worker_that_dies_ends_no_other_training(own: Path, data: Path) -> None:
    """All are trained in the end, of another network here; what was killed is ABANDONED."""
    network = ["--growth-rate", "24", "--blocks", "4"]
    process = started(own, data, "--epochs", "2", *network)
    while not own.exists() or not list((own / "journals").glob("*.journal")):
        assert process.poll() is None, process.communicate()[1]
    worker = next(each for each in psutil.Process(process.pid).children() if is_worker(each))
    worker.kill()
    assert "A worker was killed; " in ended(process)
    assert statuses(own)[2.0, 0.5, 0.0, "FINISHED"] == 1
    assert statuses(own)[2.0, 0.9, 0.0, "FINISHED"] == 1
    connection = Connection(PrivateServer(own).ensure())
    ((growth, layers),) = connection.query(
        'SELECT DISTINCT growth_rate, layers FROM "densed".idenseblock'
    )
    connection.close()
    assert (growth, layers) == (24, 4)


def test_a_configuration_whose_workers_die_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the second time; those that came after it are trained."""
    deadly, *good = grid(epochs=(1,), learning_rates=(0.001,), decays=(1e-4, 1e-6))
    trained: list[Configuration] = []

    def run(left: list[Configuration], *_: Any) -> Iterator[Outcome]:
        for each in left:
            if each == deadly:
                raise TerminatedWorkerError
            trained.append(each)
            yield Outcome(each, 0.1)

    monkeypatch.setattr(benchmarks.grid, "run", run)
    monkeypatch.setattr(benchmarks.grid, "_finished", lambda: {each.key for each in trained})
    options = argparse.Namespace(jobs=1)
    failed = benchmarks.grid._failures([deadly, *good], options, Console(stderr=True))
    assert failed == [Outcome(deadly, error="its worker was killed")]
    assert trained == good


def is_worker(process: psutil.Process) -> bool:
    """Whether joblib trains in it."""
    return any("LokyProcess" in each for each in process.cmdline())


@pytest.mark.exhaustive
def test_a_dask_cluster_trains_the_grid(
    own: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers of a cluster that is there already, which the grid is given by its address."""
    monkeypatch.setenv("KERAS_PROV_HOME", str(own))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        said = ended(started(own, data, "--backend", "dask", "--address", address, "--epochs", "1"))
    assert "2 trainings, 0 of them done already." in said
    assert statuses(own) == {(1.0, 0.5, 0.0, "FINISHED"): 1, (1.0, 0.9, 0.0, "FINISHED"): 1}


@pytest.mark.exhaustive
def test_trainings_that_fail_are_named_and_all_are_tried(own: Path, data: Path) -> None:
    """The exit status says so, too; one picture cannot be divided in two parts."""
    process = started(own, data, "--samples", "1", "--epochs", "1")
    said = process.communicate()[1]
    assert process.returncode == 1
    assert said.count("Failed: Configuration(epochs=1") == 2
    assert "ValueError" in said
    assert finished(own) == 0


@pytest.mark.parametrize("wrong", [["--epochs", "0"], ["--samples", "x"], ["--quick", "--paper"]])
def test_wrong_options_are_said_at_once(wrong: list[str]) -> None:
    """With the command's usage."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.grid", *wrong],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "usage: python -m benchmarks.grid" in done.stderr
