"""The measurement for machines with a GPU, in small on whatever there is."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_device_is_measured_in_one_process(backend: str) -> None:
    """It names the device, and has our time and the effect on fit() for both kinds of rates."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the backend {backend} is not installed")
    command = [sys.executable, "-m", "benchmarks.device", "--backends", backend]
    process = subprocess.run(
        [*command, "--seconds", "1", "--rounds", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert re.search(rf"^{backend} .*, Keras .*: .*(cpu|CPU|NVIDIA)", process.stdout, re.M)
    assert "The private server runs" in process.stdout
    for rate in ("constant", "scheduled"):
        assert re.search(rf"^{rate} rate: [12] fits of each arm", process.stdout, re.M)
    found = re.findall(r"our code on the training thread: median (\d+) µs", process.stdout)
    assert len(found) == 2
    assert all(0 < int(each) < 100_000 for each in found)
    assert process.stdout.count("    fit() ") == 4
