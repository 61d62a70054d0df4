"""The report: what the steps left is judged and written down; the questions are really asked."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import benchmarks.__main__ as bench
from benchmarks.alternation import Fit
from benchmarks.arm import Records
from benchmarks.effects import cell_of
from benchmarks.figures import machine
from benchmarks.targets import judged
from benchmarks.written_report import Results, write
from dfanalyzer_client import client_for
from dfanalyzer_client.private_server import PrivateServer
from grid_database import trained

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]


def spread(median: float, width: float = 0.0) -> dict[str, Any]:
    """A comparison as JSON has it."""
    return {
        "median": median,
        "low": median - width,
        "high": median + width,
        "deviation": 0.0,
        "pairs": 5,
    }


CONFIGURATION = {
    "epochs": 5,
    "learning_rate": 0.001,
    "decay": 1e-4,
    "momentum": 0.9,
    "samples": 4,
    "growth_rate": 16,
    "blocks": [3, 6, 3],
}
OVERHEAD: dict[str, Any] = {
    "machine": machine(),
    "profile": [{"function": "f.py: g", "calls": 2.0, "own": 1e-6, "whole": 2e-6}],
    "together": spread(1.003, 0.001),
    "configurations": [
        {
            "configuration": CONFIGURATION,
            "ratios": {name: spread(1.004, 0.002) for name in ("whole", "fit", "cpu")},
            "added_seconds": {"start": spread(0.03), "epoch": spread(0.001), "end": spread(0.01)},
            "plain_seconds": 10.0,
            "inside_seconds": 0.02,
            "inside_per_epoch_us": 80.0,
            "exporter_cpu_seconds": 0.03,
            "server_cpu_seconds": 0.05,
        }
    ],
}


def arm(name: str, inside: float) -> dict[str, Any]:
    """What the peers' step leaves of an arm."""
    parts = ("start", "epoch", "end", "epoch_cpu")
    return {
        "name": name,
        "title": name.title(),
        "version": "1.2",
        "handed_over": False,
        "state": "FINISHED",
        "records": dataclasses.asdict(Records(hyperparameters=7, metrics=2, rates=5, prov=60)),
        "bytes": 12345,
        "added": {part: spread(0.001) for part in parts},
        "inside": {"median": inside, "mean": inside, "max": inside},
        "killed": {"found": 5, "ended": 5, "state": "ABANDONED"},
    }


PEERS: dict[str, Any] = {
    "machine": machine(),
    "configuration": CONFIGURATION,
    "pairs": 5,
    "arms": [arm("captured", 90e-6), arm("mlflow", 1e-3)],
    "missing": [{"title": "yProv4ML", "version": "", "why": "not installed"}],
}


def epochs() -> dict[str, Any]:
    """What the step of epochs leaves: 2 % more for each epoch, of which our code is 80 µs."""
    fits = {
        arm: [Fit(seconds, seconds, seconds, seconds / 10, seconds / 10, seconds / 10, 0.0)] * 12
        for arm, seconds in (("plain", 0.3), ("captured", 0.306))
    }
    named = {
        "backend": "jax",
        "rate": "constant",
        "metrics": 10,
        "is_stored": True,
        "batches": 3,
        "epochs": 10,
    }
    cell = cell_of(named, fits, [[80e-6] * 10])
    return {"machine": machine(), "cells": [dataclasses.asdict(cell)]}


def test_targets_are_met_or_missed() -> None:
    """By the worst configuration, and by the worse of two measurements; the reasons are figures."""
    assert [each.verdict for each in judged(OVERHEAD, PEERS)] == ["met"] * 3
    slow, slower = copy.deepcopy(OVERHEAD), copy.deepcopy(PEERS)
    slow["configurations"].append(copy.deepcopy(slow["configurations"][0]))
    slow["configurations"][1]["ratios"]["whole"] = spread(1.03, 0.02)
    slower["arms"][0]["inside"]["median"] = 101e-6
    whole, epoch, less = judged(slow, slower)
    assert (whole.verdict, epoch.verdict, less.verdict) == ("missed", "missed", "missed")
    assert whole.found == (
        "worst median +3.00%, worst upper bound +5.00%; "
        "all 5 pairs together +0.30% (+0.20% … +0.40%)"
    )
    assert "+30 ms until the first epoch has ended, +4 ms in the 4 other epochs" in whole.why
    assert "Our code on the training thread took 20 ms of that" in whole.why
    assert "the exporter 30 ms of CPU time and MonetDB 50 ms: 1.00% of the process" in whole.why
    assert epoch.found == "80 to 101 µs"
    assert less.found.startswith("9.9 times less")


def test_what_the_machine_cannot_tell_is_said() -> None:
    """An interval that holds the target makes a miss a question of noise."""
    noisy = copy.deepcopy(OVERHEAD)
    noisy["configurations"][0]["ratios"]["whole"] = spread(1.004, 0.05)
    whole, _, _ = judged(noisy, None)
    assert whole.verdict == "missed"
    assert "cannot distinguish it from the target" in whole.why


def test_what_was_not_measured_is_no_success(tmp_path: Path) -> None:
    """Neither is it a failure; and the report is written all the same."""
    assert [each.verdict for each in judged(None, None)] == ["not measured"] * 3
    without = {**PEERS, "arms": PEERS["arms"][:1]}
    assert judged(None, without)[2].verdict == "not measured"
    write(Results(None, None, None), tmp_path, tmp_path)
    assert "not measured" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "costs.md").read_text() == "Nothing was measured yet: `make bench`.\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A database with one execution of the grid."""
    folder = tmp_path_factory.mktemp("grid")
    client = client_for(home=folder)
    trained(client, "run-1", 4, 24, 0.001, 16, [1.0 / 2**epoch for epoch in range(12)])
    assert client.close(60)
    yield folder
    PrivateServer(folder).stop()


def test_the_report_holds_targets_tables_and_answers(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what lies in `build/` and of the database, which is asked anew."""
    monkeypatch.setenv("KERAS_PROV_HOME", "")  # is set by the command: put back afterwards
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    Path("build").mkdir()
    for name, content in (("overhead", OVERHEAD), ("peers", PEERS), ("epochs", epochs())):
        (Path("build") / f"{name}.json").write_text(json.dumps(content))
    (Path("build") / "peers.png").write_bytes(b"a plot")
    status = bench.main(["--only", "queries", "--home", str(home), "--report", "report"])
    assert status == 0
    report = Path("report", "README.md").read_text()
    assert report.count("**met**") == 3
    assert "| Captured | 90 | +1.0 (+1.0 … +1.0) |" in report
    assert "| yProv4ML | not installed |" in report
    assert "## What capture adds to an epoch" in report
    assert "| 80 (80 … 80) | missed | +600 (+600 … +600) | missed |" in report
    assert "| Captured | 1.2 | 7 | 2 | 5 of 5 | – | – |" in report
    assert "### `current_loss`\n\nThe paper's query (a)" in report
    assert "| run-1 | 11 | 0.00048828 |" in report
    assert "… and 4 more rows." in report
    assert "### `diverged`" in report
    assert "No rows." in report
    assert Path("report", "peers.png").read_bytes() == b"a plot"
    costs = Path("report", "costs.md").read_text()
    assert costs.startswith("| Aim | Measured |")
    assert "| Captured | 90 | +0.00 | +0.00 | 5 of 5 epochs |" in costs
    assert "| jax, constant, 10 | 30.00 | 80 (80 … 80) |" in costs
    assert "| yProv4ML |  | not installed |" in costs
    assert machine()["processor"] in costs


def test_the_documentation_shows_the_report_that_lies_here() -> None:
    """Its tables are those of `benchmarks/report/`, not ones that somebody typed."""
    costs = (ROOT / "benchmarks" / "report" / "costs.md").read_text()
    assert costs in (ROOT / "docs" / "explanation" / "costs.md").read_text()


def test_a_step_that_fails_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    """The exit status says so, too."""
    script = (
        "import benchmarks.__main__ as bench\n"
        "bench.STEPS['overhead'] = [['overhead', '--pairs', 'x']]\n"
        "bench.STEPS['peers'] = [['peers', '--help']]\n"
        "raise SystemExit(bench.main(['--only', 'overhead', 'peers', '--report', 'report']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert "Failed: overhead." in done.stderr
    assert "usage: python -m benchmarks.peers" in done.stdout
    assert (tmp_path / "report" / "README.md").exists()
