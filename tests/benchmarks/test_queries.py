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
from dfanalyzer_client.questions import shipped_questions
from grid_database import trained

pytestmark = pytest.mark.thorough


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
    "current_loss": [("run-1", 4.0, 0.0625)],
    "first_epochs": [
        ("run-1", 0.0, 1.0),
        ("run-1", 1.0, 0.5),
        ("run-1", 2.0, 0.25),
        ("run-1", 3.0, 0.125),
    ],
    "best_configuration": [
        (5.0, 0.001, 0.0001, 0.9, "4-4-4", 24.0, 1, 0.125),
        (2.0, 0.001, 0.0001, 0.9, "3-3-3", 16.0, 1, 2.0),
        (3.0, 0.002, 0.0001, 0.9, "4-4-4", 16.0, 1, 80.0),
    ],
    "adaptations": [("run-1", 2.0, 0.001, 0.0005, 0.5, 0.25)],
    "diverged": [("run-3", 1.0, "NaN"), ("run-4", 1.0, "grew")],
    "time_per_epoch": [(16.0, 7, 1.6, 1.6), (32.0, 1, 3.2, 3.2)],
    "growth_and_layers": [
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
    "what_changed": [
        ("blocks", "3-3-3", "4-4-4"),
        ("layers", "3", "4"),
        ("num_epochs", "2", "3"),
    ],
}


def test_every_question_has_its_answer_here() -> None:
    """These are installed, in this order, and each says in its first line what it asks."""
    assert [each.name for each in shipped_questions()] == list(EXPECTED)
    assert all(each.text.startswith("-- ") for each in shipped_questions())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_question_is_answered(home: Path, name: str) -> None:
    """With the parameters of the paper, which are the defaults."""
    done = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "questions", name, "--json"],
        env={**os.environ, "KERAS_PROV_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [tuple(row.values()) for row in json.loads(done.stdout)]
    assert len(rows) == len(EXPECTED[name])
    for row, wanted in zip(rows, EXPECTED[name], strict=True):
        assert row == (pytest.approx(wanted) if name == "time_per_epoch" else wanted)
