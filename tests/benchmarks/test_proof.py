"""`python -m benchmarks.proof` measures the hash chain and `keras-prov verify`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import proof

pytestmark = pytest.mark.thorough


def test_the_thread_that_records_computes_no_chain(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exporter does; and the record is verified."""
    monkeypatch.setenv("KERAS_PROV_HOME", str(home))  # which the benchmark changes
    monkeypatch.setattr(proof, "RESULTS", tmp_path / "build" / "proof.json")
    monkeypatch.setattr(sys, "argv", ["proof", "--epochs", "20"])
    proof.main()
    (figure,) = json.loads((tmp_path / "build" / "proof.json").read_text())["figures"]
    assert figure["chain_calls_on_recording_thread"] == 0
    assert figure["chain_microseconds"] > 0
    assert figure["verify_seconds"] > 0
