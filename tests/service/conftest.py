"""One service for the tests of this folder that do not end theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client.private_server import PrivateServer
from service.running import Service, service

Stored = Callable[[str, int], list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def running(home: Path) -> Iterator[Service]:
    """A service on loopback, without a token, that stores into this worker's database."""
    with service() as started:
        yield started


@pytest.fixture
def stored(ask: Any) -> Stored:
    """Rows of a statement, once there are so many; the suite's limit ends a hopeless wait."""

    def rows(statement: str, count: int) -> list[tuple[Any, ...]]:
        while True:
            try:
                found = ask.rows(statement, flush=False)
            except Exception as error:
                if "no such" not in str(error):  # the schema comes with the first message
                    raise
            else:
                if len(found) >= count:
                    return list(found)

    return rows


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A data folder of this test alone; its server is stopped at the end."""
    folder = tmp_path / "own"
    yield folder
    PrivateServer(folder).stop()
