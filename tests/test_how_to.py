"""Pages that need more than is always installed: their examples print what is shown."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.examples import DOCS, command_path, normalized, runnable, with_real_output

# each starts a private server, and some several backends: minutes on a busy machine
pytestmark = [pytest.mark.thorough, pytest.mark.timeout(1200)]

PAGES = (
    "federated-learning",
    "fine-tune",
    "from-mlflow",
    "openlineage",
    pytest.param("own-loops", marks=pytest.mark.exhaustive),
    "pytorch",
    "rerun",
    "shell-scripts",
    "sign",
    "../tutorials/from-a-model-to-its-proof",
)
"""Examples of loops are run by test_own_loop_examples.py, too."""

PORT = "22000"
"""The service's port in a page, which may be taken here."""

Run = Callable[[str], str]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Runs a command line in the test's folder, with a database of its own; what it prints."""
    environment = {
        **os.environ,
        "PATH": command_path(),
        "KERAS_PROV_HOME": str(tmp_path / "home"),
    }

    def output(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield output
    output("keras-prov server stop")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_happens(name: str, run: Run, tmp_path: Path) -> None:
    """Every session of the page prints what stands there, figures apart."""
    text = runnable((DOCS / "how-to" / f"{name}.md").read_text(encoding="utf-8"))
    if "<!-- example: session" not in text:
        pytest.skip("its examples need modules that are not installed")
    if "curl " in text and shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    text = text.replace(PORT, str(_free_port()))
    assert normalized(with_real_output(text, tmp_path, run)) == normalized(text)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
