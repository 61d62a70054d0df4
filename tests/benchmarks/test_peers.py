"""Keras-Prov beside other tools: each is really switched on, killed and read back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import peers
from benchmarks.arm import Arm, Found
from benchmarks.configurations import Configuration
from benchmarks.fresh_process import fresh_run, read_back, read_records
from benchmarks.homes import own_home
from benchmarks.peer_arms import ARMS
from benchmarks.peer_kill import kill_epoch, killed

pytestmark = pytest.mark.thorough

SMALL = Configuration(3, 0.001, 1e-4, 0.9, samples=4, growth_rate=2, blocks=(1,))
STATES = {
    "captured": "ABANDONED",
    "tensorboard": "not recorded",
    "mlflow": "RUNNING",
    "yprov4ml": "no PROV document",
    "wandb": "no exit code",
    "aim": "in progress",
    "trackio": "not recorded",
    "flowcept": "no file",
}
KEEPS_ALL = ("captured", "tensorboard")
RECORDED: dict[str, tuple[str, dict[str, object]]] = {
    "captured-all": (
        "FINISHED",
        {
            "metrics": 2,
            "rates": 3,
            "layers": 12,
            **dict.fromkeys(("python", "machine", "commit", "data"), True),
            "model_file": "file",
            "sql": 3,
        },
    ),
    "mlflow-models": (
        "FINISHED",
        {"metrics": 2, "rates": 0, "layers": 12, "data": True, "model_file": "copy", "sql": 3},
    ),
    "yprov4ml": ("PROV document written", {"hyperparameters": 4, "metrics": 2, "packages": 0}),
    "wandb": (
        "exit code 0",
        {"hyperparameters": 4, "metrics": 2, "rates": 3, "machine": True, "layers": 0, "sql": 0},
    ),
    "aim": ("finished", {"hyperparameters": 4, "metrics": 2, "rates": 0, "data": False}),
    "trackio": ("not recorded", {"hyperparameters": 4, "metrics": 2, "packages": 0, "sql": 3}),
    "flowcept": ("FINISHED", {"hyperparameters": 4, "metrics": 2, "prov": 0, "sql": 0}),
}
"""The state of a training that ended, and some of what its tool recorded."""
PACKAGES = ("captured-all", "mlflow-models", "wandb", "aim")
DOCUMENT = ("captured-all", "yprov4ml")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the data, which is computed once."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def own() -> Iterator[Path]:
    """A folder for what the tools leave."""
    with own_home() as home:
        yield home


def needs(name: str) -> None:
    """Skip where a tool is not installed."""
    if not ARMS[name].is_installed():
        pytest.skip(f"{ARMS[name].title} is not installed: pip install 'keras-prov[peers]'")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", STATES)
def test_a_killed_training_is_read_back_by_its_tool(name: str, own: Path, data: Path) -> None:
    """With the state that the tool shows then, and with every epoch where it keeps each at once."""
    needs(name)
    remains = killed([name], SMALL, data, own)[name]
    assert remains.ended == kill_epoch(SMALL) == 2
    assert remains.state == STATES[name]
    assert remains.found == 2 if name in KEEPS_ALL else remains.found <= 2


@pytest.mark.parametrize("name", RECORDED)
def test_what_a_tool_recorded_of_a_training_is_read_back(name: str, own: Path, data: Path) -> None:
    """All epochs, also of those tools that write late, the state, and the facts of the table."""
    needs(name)
    state, expected = RECORDED[name]
    output = Path(fresh_run(name, SMALL, data, own, save=True)["output"])
    assert read_back(name, output) == Found(SMALL.epochs, state)
    records = dataclasses.asdict(read_records(name, output))
    assert {fact: records[fact] for fact in expected} == expected
    assert (records["packages"] > 0) == (name in PACKAGES)
    assert (records["prov"] > 0) == (name in DOCUMENT)


class NotThere(Arm):
    """A tool that nobody has."""

    name, title, module = "not-there", "Not there", "no_such_package"


class Breaks(Arm):
    """A tool that no training survives: a fresh process does not even know it."""

    name, title = "breaks", "Breaks"


@pytest.mark.exhaustive
def test_tools_are_compared_with_plain_keras(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one table with what each adds; what cannot be measured is in it, too, and why."""
    for arm in (NotThere, Breaks):
        monkeypatch.setitem(ARMS, arm.name, arm)
    result = peers.compared_with(["csv", "not-there", "breaks"], SMALL, 1, data)
    (found,) = result["arms"]
    assert found["killed"] == {"ended": 2, "found": 2, "state": "not recorded"}
    assert 0 < found["inside"]["median"] <= found["inside"]["max"]
    assert found["added"].keys() == {"start", "epoch", "end", "epoch_cpu"}
    assert found["records"]["metrics"] == 2
    assert 0 < found["bytes"] < 20_000
    _, _, measured, missing, broken = peers.lines(result)
    assert measured.startswith("| CSVLogger | ")
    assert "| 2 of 2 epochs | not recorded |" in measured
    assert "not installed: `pip install 'keras-prov[peers]'`" in missing
    assert "invalid choice: 'breaks'" in broken


def test_other_weights_or_lost_epochs_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tool that changes a training, or does not record it, is not measured, but reported."""

    def run(arm: str, *_: Any, save: bool) -> dict[str, Any]:
        return {"weights": arm if arm == "mlflow" else "", "output": str(tmp_path)}

    monkeypatch.setattr(peers, "fresh_run", run)
    monkeypatch.setattr(peers, "read_back", lambda *_: Found(1, ""))
    with pytest.raises(AssertionError, match="changed the weights"):
        peers.measured(["plain", "mlflow"], SMALL, 1, tmp_path, tmp_path)
    with pytest.raises(AssertionError, match="csv has 1 of 3 epochs"):
        peers.measured(["plain", "csv"], SMALL, 1, tmp_path, tmp_path)


def test_too_few_epochs_are_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The first one is start-up, and one is killed."""
    with pytest.raises(SystemExit):
        peers.main(["--epochs", "2"])
    assert "Expected 3 or more: 2" in capsys.readouterr().err
