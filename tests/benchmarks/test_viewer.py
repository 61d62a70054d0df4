"""The benchmark of the viewer runs, and prints its figures."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")


@pytest.mark.exhaustive
def test_a_small_database_is_looked_at() -> None:
    """There is a line for each figure that the viewer promises."""
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    small = "--executions 8 --epoch-rows 24 --dataflows 2 --repeats 1 --pairs 1"
    printed = subprocess.run(
        [sys.executable, "-m", "benchmarks.viewer", *small.split()],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    ).stdout
    for what in ("assets", "first page", "10,000 points drawn", "after it is stored", "1 pairs"):
        assert what in printed
