"""The measurement for machines with a GPU, in small on whatever there is."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import device, overhead
from benchmarks.device import share_of

ROOT = Path(__file__).parents[2]


WITHOUT = """
import sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"rich", "matplotlib", "devito", "keras", "psutil"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Missing())
from benchmarks import overhead

raise SystemExit(overhead.main(["--device", "--help"]))
"""


def test_parts_share_the_time_that_is_left() -> None:
    """None has less than none, if what came before took too long."""
    assert share_of(100.0, 2) == 50.0
    assert share_of(-3.0, 2) == 0.0


def test_overhead_measures_a_device_if_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the options that remain; its exit code is that of the measurement."""
    given: list[list[str]] = []
    monkeypatch.setattr(device, "main", lambda options: given.append(options) or 3)
    assert overhead.main(["--device", "--minutes", "2"]) == 3
    assert given == [["--minutes", "2"]]


@pytest.mark.thorough
def test_few_wheels_are_enough_to_start() -> None:
    """No progress bar, no plot and no seismic data are needed before the backends' processes."""
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    assert "--minutes" in process.stdout


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_device_is_measured_in_one_process(backend: str) -> None:
    """It names the device, and has our time and the effect on fit() for both kinds of rates."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the backend {backend} is not installed")
    command = [sys.executable, "-m", "benchmarks.device", "--backends", backend]
    process = subprocess.run(
        [*command, "--seconds", "1", "--rounds", "2", "--minutes", "4"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert re.search(rf"^{backend} .*, Keras .*: .*(no GPU|NVIDIA)", process.stdout, re.M)
    assert "The private server runs" in process.stdout
    for rate in ("constant", "scheduled"):
        head = rf"^{backend}, {rate} rate, 2 metrics: 2 fits of each arm"
        assert re.search(head, process.stdout, re.M)
    found = re.findall(r"our code on the training thread: median (\d+) µs", process.stdout)
    assert len(found) == 2
    assert all(0 < int(each) < 100_000 for each in found)
    for arm in ("empty callbacks", "captured"):
        assert process.stdout.count(f"  {arm}, beside plain") == 2
    assert process.stdout.count("fit(), by the clock") == 4
    assert process.stdout.count("values are too few for an interval") >= 2
