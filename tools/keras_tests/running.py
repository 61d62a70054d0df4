"""One run of Keras' tests, in its own processes and folders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import selection, variables
from .outcomes import COLLECTION, worst

__all__ = ["BACKEND", "LoggedFailure", "Run", "run"]

BACKEND = "tensorflow"

_ROOT = Path(__file__).parents[2]
_INI = Path(__file__).with_name("pytest.ini")
_PREFIX = "keras/src/"

# Pytest's exit codes: all passed, some failed, interrupted by collection errors, no tests found.
_PYTEST_RAN = (0, 1, 2, 5)


@dataclass(frozen=True)
class LoggedFailure:
    """An error that Keras-Prov logged, and the test that was running."""

    test: str
    message: str


@dataclass
class Run:
    """The result of a run.

    Attributes:
        outcomes: by file, as a path below ``keras/src``, and test.
        reasons: pytest's reports of failed tests, by ``FILE::TEST``.
        logged: our own failures.
        tasks: how many tasks were recorded; None without capture.
        seconds: how long it took.
    """

    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    logged: list[LoggedFailure] = field(default_factory=list)
    tasks: int | None = None
    seconds: float = 0.0

    def add(self, node: str, outcome: str, reason: str = "") -> None:
        """Add one of pytest's reports on a test, or on a whole file."""
        path, _, test = node.partition("::")
        file, name = path.removeprefix(_PREFIX), test or COLLECTION
        tests = self.outcomes.setdefault(file, {})
        tests[name] = worst(outcome, tests.get(name, "passed"))
        if reason:
            self.reasons[f"{file}::{name}"] = reason


def run(files: Sequence[str], *, captured: str = "", workers: int = 2) -> Run:
    """Run test files, given by their path below ``keras/src``.

    Args:
        files: the files to run.
        captured: what to capture of every model, one of those in `variables`; empty for nothing.
        workers: number of processes that share the files; 0 runs them in one process.

    Raises:
        RuntimeError: pytest itself failed.
    """
    started = time.monotonic()
    done = Run(outcomes={file: {} for file in files})
    with tempfile.TemporaryDirectory(prefix="keras-tests-") as name:
        folder = Path(name)
        for folder_name in ("keras", "results", "work"):
            (folder / folder_name).mkdir()
        try:
            for part, processes in _parts(files, workers):
                _run_pytest(part, processes, folder, captured=captured)
            _read_results(done, folder / "results")
            done.tasks = _recorded_tasks(folder / "home") if captured else None
        finally:
            if captured:
                _stop_server(folder / "home")
    done.seconds = time.monotonic() - started
    return done


def _parts(files: Iterable[str], workers: int) -> list[tuple[list[str], int]]:
    serial = [file for file in files if file.startswith(selection.SERIAL)]
    parallel = [file for file in files if file not in serial]
    return [(part, count) for part, count in ((parallel, workers), (serial, 0)) if part]


def _run_pytest(files: Sequence[str], processes: int, folder: Path, *, captured: str) -> None:
    source = selection.source_folder()
    command = [
        *(sys.executable, "-m", "pytest", "-c", str(_INI), "--rootdir", str(source.parents[1])),
        *("-p", f"{__package__}.plugin", "-n", str(processes), "--dist", "loadfile"),
        *(str(source / file) for file in files),
    ]
    with (folder / "stderr").open("w+", errors="replace") as errors:
        code = subprocess.run(  # noqa: S603  # our own command
            command,
            cwd=folder / "work",
            env=_environment(folder, captured=captured),
            stderr=errors,
            check=False,
        ).returncode
        errors.seek(0)
        messages = errors.read()
    if code not in _PYTEST_RAN:
        raise RuntimeError(f"Pytest ended with exit code {code} and printed:\n{messages[-4000:]}")


def _environment(folder: Path, *, captured: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KERAS", "PYTEST", "COV_"))
    }
    return {
        **kept,
        "CUDA_VISIBLE_DEVICES": "",  # the baseline was recorded on the CPU
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": BACKEND,
        "KERAS_HOME": str(folder / "keras"),
        "KERAS_PROV_HOME": str(folder / "home"),
        variables.CAPTURED: captured,
        variables.RESULTS: str(folder / "results"),
        "PYTHONHASHSEED": "0",  # all workers must name parametrized tests in the same way
        "PYTHONPATH": os.pathsep.join([str(_ROOT), *_given_path()]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _given_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


def _read_results(done: Run, folder: Path) -> None:
    for path in sorted(folder.glob("outcomes-*.json")):
        for node, outcome, reason in json.loads(path.read_text(encoding="utf-8")):
            done.add(node, outcome, reason)
    log = folder / "failures.jsonl"
    if log.exists():
        entries = map(json.loads, log.read_text(encoding="utf-8").splitlines())
        done.logged += [LoggedFailure(entry["test"], entry["message"]) for entry in entries]


def _recorded_tasks(home: Path) -> int:
    from dfanalyzer_client.private_server import PrivateServer
    from dfanalyzer_client.store import Connection

    if not home.exists():
        return 0
    connection = Connection(PrivateServer(home).reader_url())
    try:
        ((count,),) = connection.query('SELECT count(*) FROM "public".task')
    finally:
        connection.close()
    return int(count)


def _stop_server(home: Path) -> None:
    from dfanalyzer_client.private_server import PrivateServer

    if home.exists():
        PrivateServer(home).stop()
