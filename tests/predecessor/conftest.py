"""Fixtures for databases that the predecessor filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dfanalyzer_client.private_server import PrivateServer


@pytest.fixture(autouse=True)
def _own_journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests say goes to servers that others cannot reach afterwards."""
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path / "home"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateServer]:
    """A server of this test alone."""
    result = PrivateServer(tmp_path / "old")
    yield result
    result.stop()
