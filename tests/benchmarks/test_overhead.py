"""The measurement of what capture adds: how arms are compared, and a real one in small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import overhead
from benchmarks.configurations import Configuration
from benchmarks.paired import added, alternating, compared

pytestmark = pytest.mark.thorough


def test_arms_alternate_so_that_a_drift_hits_both() -> None:
    """A B, B A, A B."""
    order = [arm for _, arm in alternating(("A", "B"), 3)]
    assert order == ["A", "B", "B", "A", "A", "B"]


def test_a_comparison_is_of_pairs() -> None:
    """Ratios of each round, their median, an interval around it, and how they scatter."""
    found = compared([1.0, 2.0, 4.0, 5.0], [1.1, 2.2, 4.4, 10.0])
    assert found.median == pytest.approx(1.1)
    assert (found.low, found.high) == (pytest.approx(1.1), pytest.approx(2.0, abs=0.5))
    assert found.low <= found.median <= found.high
    assert found.deviation == pytest.approx(0.45)
    assert compared([2.0], [3.0]).deviation == 0
    assert added([1.0, 2.0, 4.0], [1.5, 2.25, 4.5]).median == pytest.approx(0.5)


@pytest.mark.parametrize(("base", "other"), [([1.0], [1.0, 2.0]), ([], [])])
def test_arms_that_do_not_pair_raise(base: list[float], other: list[float]) -> None:
    """With how many values each had."""
    with pytest.raises(ValueError, match=f"Received: {len(base)} and {len(other)}"):
        compared(base, other)


@pytest.mark.exhaustive
def test_both_arms_end_with_the_same_weights_and_their_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pair of real trainings in fresh processes; table, JSON and plot are made of it."""
    monkeypatch.setattr(overhead, "RESULTS", tmp_path)
    small = ["--quick", "--epochs", "2", "--samples", "4", "--pairs", "1"]
    overhead.main([*small, "--folder", str(tmp_path / "data")])
    written = json.loads((tmp_path / "overhead.json").read_text())
    (found,) = written["configurations"]
    assert any("monitor.py" in each["function"] for each in written["profile"])
    (plain,), (captured,) = found["runs"]["plain"], found["runs"]["captured"]
    assert plain["weights"] == captured["weights"]
    assert plain["inside"] == plain["exporter"] == 0
    assert [epoch["inside"] for epoch in plain["epochs"]] == [0, 0]
    first, second = captured["epochs"]
    assert first["began"] < first["ended"] <= second["began"] < second["ended"]
    inside = first["inside"] + second["inside"]
    assert 0 < inside < captured["inside"] < captured["fit"] < captured["whole"]
    assert 0 < captured["server"] < captured["whole"]
    parts = captured["start"] + captured["epoch"] + captured["end"]
    assert parts == pytest.approx(captured["whole"])
    for name in ("whole", "fit", "cpu"):
        ratio = captured[name] / plain[name]
        assert found["ratios"][name]["median"] == pytest.approx(ratio)
    assert (tmp_path / "overhead.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "epochs 2, rate 0.001, decay 0.0001, momentum 0.9" in printed
    assert "Worst whole process: " in printed


def test_other_weights_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A capture that changes a training is not measured, but reported."""

    def run(arm: str, *_: Any) -> dict[str, Any]:
        return {"weights": arm}

    monkeypatch.setattr(overhead, "fresh_run", run)
    with pytest.raises(AssertionError, match="changed the weights"):
        overhead.measured([Configuration(1, 0.1, 0.1, 0.1)], 1, tmp_path, tmp_path)
