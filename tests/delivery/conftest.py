"""Fixtures of the tests that break things: servers and folders of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dfanalyzer_client.private_server import PrivateServer


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A data folder of this test alone; its server is stopped at the end."""
    folder = tmp_path / "own"
    yield folder
    PrivateServer(folder).stop()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[PrivateServer]:
    """A server that processes reach by its URL alone, and cannot start."""
    server = PrivateServer(tmp_path / "elsewhere")
    yield server
    server.stop()
