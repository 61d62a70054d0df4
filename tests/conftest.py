"""Fixtures for all tests: one real MonetDB per worker, strict mode, Keras left as it was found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_PROV_STRICT"] = "1"
os.environ.pop("KERAS_PROV_STORE", None)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job; children inherit
    signal.signal(signal.SIGINT, signal.default_int_handler)

import dfanalyzer_client
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--kills 1000`, `--start-kills 50`: the long forms of tests that kill at random moments."""
    parser.addoption(
        "--kills", type=int, default=50, help="trainings to kill at random moments: %(default)s"
    )
    parser.addoption(
        "--start-kills", type=int, default=1, help="first starts of a server to kill: %(default)s"
    )


LONGEST_FIRST = (
    "test_backends.py",
    "test_packaging.py",
    "test_without_tensorflow.py",
    "test_transparency.py",
    "test_kill_training.py",
    "test_run.py",
    "test_grid.py",
    "test_peers.py",
    "test_store.py",
    "test_overhead.py",
    "test_crate.py",
    "test_companions.py",
    "test_rebuild.py",
    "test_environment.py",
    "test_two_processes.py",
    "test_keras_tests.py",
    "test_export.py",
    "test_formats.py",
)
"""Else one of them is left at the end, and one worker runs it while the others are idle."""


@pytest.hookimpl(tryfirst=True)  # before pytest looks at the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take a minute or more come first; the order within a file stays.

    What is exhaustive is thorough, too: `make test` leaves both out.
    """
    for item in items:
        if item.get_closest_marker("exhaustive"):
            item.add_marker("thorough")
    last = len(LONGEST_FIRST)
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, last))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder for this worker; its private server is stopped at the end."""
    folder = tmp_path_factory.mktemp("home")
    os.environ["KERAS_PROV_HOME"] = str(folder)
    yield folder
    dfanalyzer_client.shutdown()
    PrivateServer(folder).stop()


@pytest.fixture(autouse=True)
def _clean_slate(home: Path) -> Iterator[None]:
    """Each test ends with its captures stopped, and with all it said stored and let go."""
    yield
    if "keras_prov._capture.requests" in sys.modules:
        for handle in list(sys.modules["keras_prov._capture.requests"]._captures):
            handle.stop()
    dfanalyzer_client.shutdown()


class Asker:
    """Asks the database as a user does: with the reader's account, in SQL."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def rows(self, statement: str, *parameters: Any, flush: bool = True) -> list[tuple[Any, ...]]:
        """The rows of a statement, once all that was said is stored."""
        if flush:
            assert dfanalyzer_client.flush(120), "what was said is not stored"
        connection = Connection(PrivateServer(self._home).reader_url())
        try:
            return connection.query(statement, parameters)
        finally:
            connection.close()

    def set(self, tag: str, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a set of a dataflow, in the order they were said."""
        schema = tag.lower().replace('"', '""')
        return self.rows(f'SELECT {columns} FROM "{schema}"."{name.lower()}" ORDER BY id')

    def one(self, statement: str, *parameters: Any) -> Any:
        """The one value of a statement."""
        ((value,),) = self.rows(statement, *parameters)
        return value


@pytest.fixture
def ask(home: Path) -> Asker:
    """The database, to be asked."""
    return Asker(home)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("mounting a small file system takes root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def tag() -> str:
    """A dataflow tag that no other test uses."""
    return f"flow-{uuid.uuid4().hex[:12]}"
