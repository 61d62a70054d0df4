"""Nothing of ours touches what belongs to the whole process, whatever happens to the store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dfanalyzer_client.private_server import PrivateServer

pytestmark = pytest.mark.thorough

SCRIPT = Path(__file__).with_name("process_state.py")


def test_no_state_of_the_process_is_touched(home: Path) -> None:
    """Random numbers, warnings, signals, folder, environment, streams, logging, sockets, locale."""
    url = PrivateServer(home).ensure().reveal()
    root = SCRIPT.parents[2]
    path = os.pathsep.join([str(root), str(root / "tests"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, SCRIPT, url],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, "KERAS_PROV_EXIT_FLUSH": "0"},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"refused": [], "conflict": [], "threads": []}
