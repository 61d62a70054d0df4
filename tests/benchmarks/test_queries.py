"""The questions to the grid's executions, as mclient would ask them, and their answers."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client import client_for
from dfanalyzer_client.private_server import PrivateServer
from grid_database import trained

pytestmark = pytest.mark.thorough

QUERIES = Path(__file__).parents[2] / "benchmarks" / "queries"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A database with four executions of the grid."""
    folder = tmp_path_factory.mktemp("grid")
    client = client_for(home=folder)
    trained(client, "run-1", 4, 24, 0.001, 16, [1.0, 0.5, 0.25, 0.125, 0.0625])
    trained(client, "run-2", 3, 16, 0.001, 32, [2.0, 1.0])
    trained(client, "run-3", 3, 16, 0.002, 16, [1.0, math.nan])
    trained(client, "run-4", 4, 16, 0.002, 16, [1.0, 30.0, 40.0])
    assert client.close(60)
    yield folder
    PrivateServer(folder).stop()


EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "a_current_loss": [("run-1", 4.0, 0.0625)],
    "b_first_epochs": [
        ("run-1", 0.0, 1.0),
        ("run-1", 1.0, 0.5),
        ("run-1", 2.0, 0.25),
        ("run-1", 3.0, 0.125),
    ],
    "c_best_configuration": [
        (5.0, 0.001, 0.0001, 0.9, "4-4-4", 24.0, 1, 0.125),
        (2.0, 0.001, 0.0001, 0.9, "3-3-3", 16.0, 1, 2.0),
        (3.0, 0.002, 0.0001, 0.9, "4-4-4", 16.0, 1, 80.0),
    ],
    "d_adaptations": [("run-1", 2.0, 0.001, 0.0005, 0.5, 0.25)],
    "e_diverged": [("run-3", 1.0, "NaN"), ("run-4", 1.0, "grew")],
    "f_time_per_epoch": [(16.0, 7, 1.6, 1.6), (32.0, 1, 3.2, 3.2)],
    "g_growth_and_layers": [
        (16.0, 3.0, 0.0, 2, 3.0),
        (16.0, 4.0, 0.0, 1, 2.0),
        (24.0, 4.0, 0.0, 1, 2.0),
        (16.0, 3.0, 1.0, 2, 2.0),
        (16.0, 4.0, 1.0, 1, 60.0),
        (24.0, 4.0, 1.0, 1, 1.0),
        (16.0, 4.0, 2.0, 1, 80.0),
        (24.0, 4.0, 2.0, 1, 0.5),
        (24.0, 4.0, 3.0, 1, 0.25),
        (24.0, 4.0, 4.0, 1, 0.125),
    ],
    "h_what_changed": [
        ("blocks", "3-3-3", "4-4-4"),
        ("layers", "3", "4"),
        ("num_epochs", "2", "3"),
    ],
}


def test_every_question_has_its_answer_here() -> None:
    """The folder has these files, and each says in its first line what it asks."""
    files = {path.stem: path.read_text() for path in QUERIES.glob("*.sql")}
    assert files.keys() == EXPECTED.keys()
    assert all(text.startswith("-- ") for text in files.values())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_question_is_answered(home: Path, name: str) -> None:
    """The file is given to a client as it is."""
    done = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "sql", "--json"],
        stdin=(QUERIES / f"{name}.sql").open(),
        env={**os.environ, "KERAS_PROV_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [tuple(row.values()) for row in json.loads(done.stdout)]
    assert len(rows) == len(EXPECTED[name])
    for row, wanted in zip(rows, EXPECTED[name], strict=True):
        assert row == pytest.approx(wanted) if name[0] == "f" else row == wanted
