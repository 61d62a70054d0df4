"""The judge of our transparency finds what it is there to find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.keras_tests.__main__ import main
from tools.keras_tests.baseline import Baseline, NoBaselineError, unstable_tests
from tools.keras_tests.outcomes import FileOutcome, differences, worst
from tools.keras_tests.report import judged, text
from tools.keras_tests.running import LoggedFailure, Run
from tools.keras_tests.selection import LEFT_OUT, is_lean, keras_tests, selected

pytestmark = pytest.mark.thorough

A, B = "trainers/a_test.py", "saving/b_test.py"


@pytest.fixture
def plain() -> Run:
    """A run of plain Keras: one test fails, as it always does, and one is skipped."""
    run = Run(tasks=None)
    for node, outcome in (
        (f"keras/src/{A}::Fit::test_one", "passed"),
        (f"keras/src/{A}::Fit::test_two", "passed"),
        (f"keras/src/{A}::Fit::test_gpu", "skipped"),
        (f"keras/src/{B}::test_fixture", "failed"),
    ):
        run.add(node, outcome)
    return run


@pytest.fixture
def captured(plain: Run) -> Run:
    """A captured run that came out just so."""
    return Run(outcomes={file: dict(tests) for file, tests in plain.outcomes.items()}, tasks=3)


def verdict(plain: Run, captured: Run, unstable: dict[str, str] | None = None) -> Any:
    return judged(Baseline.of([plain], unstable), captured, plain.outcomes)


def test_an_equal_run_is_passed(plain: Run, captured: Run) -> None:
    """Where all is as in plain Keras nothing failed, Keras' own failure included."""
    found = verdict(plain, captured)
    assert found.closing_line == "3 passed, 0 failed, 1 skipped"
    assert not found.differences


@pytest.mark.parametrize(
    ("test", "now", "recorded"),
    [
        ("Fit::test_one", "failed", "passed"),
        ("Fit::test_one", "skipped", "passed"),
        ("Fit::test_gpu", "passed", "skipped"),
    ],
)
def test_a_changed_outcome_is_found(
    plain: Run, captured: Run, test: str, now: str, recorded: str
) -> None:
    """A test that ends otherwise is named, with both ends and what pytest said."""
    captured.outcomes[A][test] = now
    captured.reasons[f"{A}::{test}"] = "E   assert 1 == 2"
    found = verdict(plain, captured)
    assert [(each.test, each.seen, each.recorded) for each in found.differences] == [
        (test, now, recorded)
    ]
    told = text(found, captured, Baseline.of([plain]))
    assert f"{A}::{test}: {now}, recorded: {recorded}" in told
    assert "E   assert 1 == 2" in told
    assert " 1 failed, " in told.splitlines()[-1]


def test_a_failure_that_went_away_is_found(plain: Run, captured: Run) -> None:
    """That Keras' own failure passes with us is a difference as well."""
    captured.outcomes[B]["test_fixture"] = "passed"
    assert [each.seen for each in verdict(plain, captured).differences] == ["passed"]


def test_two_changes_that_leave_the_counts_are_found(plain: Run, captured: Run) -> None:
    """Outcomes are compared test by test, not by their number."""
    captured.outcomes[A] |= {"Fit::test_one": "skipped", "Fit::test_gpu": "passed"}
    assert len(verdict(plain, captured).differences) == 2


@pytest.mark.parametrize("change", ["gone", "new", "renamed"])
def test_another_set_of_tests_is_found(plain: Run, captured: Run, change: str) -> None:
    """A passing test that is gone, new or renamed is a difference of its file."""
    if change != "new":
        del captured.outcomes[A]["Fit::test_two"]
    if change != "gone":
        captured.outcomes[A]["Fit::test_three"] = "passed"
    (difference,) = verdict(plain, captured).differences
    assert (difference.file, difference.test) == (A, "")


def test_a_missing_file_is_found(plain: Run, captured: Run) -> None:
    """A file that was recorded and is no longer run is a difference."""
    del captured.outcomes[B]
    found = verdict(plain, captured)
    assert [(each.file, each.seen) for each in found.differences] == [(B, "missing")]
    assert found.failed == 1


def test_a_file_that_cannot_be_collected_is_found(plain: Run, captured: Run) -> None:
    """Its tests are gone, and pytest's report on the file counts."""
    captured.outcomes[A] = {}
    captured.add(f"keras/src/{A}", "failed", "ModuleNotFoundError: No module named 'jax'")
    found = verdict(plain, captured)
    assert ("(collection)", "failed") in [(each.test, each.seen) for each in found.differences]
    assert "No module named 'jax'" in text(found, captured, Baseline.of([plain]))


def test_a_logged_failure_of_ours_is_found(plain: Run, captured: Run) -> None:
    """The run has failed where Keras-Prov failed, though each of Keras' tests passed."""
    captured.logged.append(LoggedFailure(f"{A}::Fit::test_one", "ValueError: of ours"))
    found = verdict(plain, captured)
    assert found.closing_line == "3 passed, 1 failed, 1 skipped"
    assert "ValueError: of ours" in text(found, captured, Baseline.of([plain]))


def test_capture_that_records_nothing_is_found(plain: Run, captured: Run) -> None:
    """A run that captured nothing proves nothing, and has failed."""
    captured.tasks = 0
    assert verdict(plain, captured).failed == 1


def test_an_unstable_test_is_not_compared_and_no_other_is_let_off(
    plain: Run, captured: Run
) -> None:
    """What was seen to differ between runs of plain Keras may differ; its neighbours may not."""
    again = Run(outcomes={A: plain.outcomes[A] | {"Fit::test_one": "failed"}, B: plain.outcomes[B]})
    unstable = unstable_tests([plain.outcomes, again.outcomes])
    assert unstable == {f"{A}::Fit::test_one": "passed, then failed"}
    captured.outcomes[A]["Fit::test_one"] = "failed"
    assert not verdict(plain, captured, unstable).differences
    captured.outcomes[A]["Fit::test_two"] = "failed"
    assert [each.test for each in verdict(plain, captured, unstable).differences] == [
        "Fit::test_two"
    ]


def test_the_worst_of_a_tests_phases_counts() -> None:
    """A test whose tear-down fails has failed."""
    assert worst("passed", "failed", "passed") == "failed"
    assert worst("skipped", "passed") == "skipped"


def test_a_baseline_is_read_as_it_was_written(plain: Run, tmp_path: Path) -> None:
    """Files, unstable tests and versions survive the file."""
    baseline = Baseline.of([plain], {f"{A}::Fit::test_one": "passed, then failed"})
    baseline.save(tmp_path / "baseline.json")
    assert Baseline.load(tmp_path / "baseline.json") == baseline
    assert baseline.made_with["keras"]


def test_a_recording_replaces_its_own_files_alone(plain: Run) -> None:
    """Recording the lean selection leaves what else was recorded, and what is unstable."""
    before = Baseline.of([plain], {"x_test.py::test": "passed, then failed"})
    newer = Baseline.of([Run(outcomes={B: {"test_fixture": "passed"}})], before.unstable)
    after = before.updated(newer)
    assert after.files[A] == before.files[A]
    assert after.files[B] == FileOutcome.of({"test_fixture": "passed"})
    assert after.unstable == before.unstable


def test_a_missing_baseline_names_the_command(tmp_path: Path) -> None:
    """An unknown Keras is no difference but an error with its cure."""
    with pytest.raises(NoBaselineError, match=r"python -m tools\.keras_tests record"):
        Baseline.load(tmp_path / "baseline-9.9.9.json")


def test_the_selections_are_those_of_the_gate() -> None:
    """All but the files left out are run in full; the lean ones are where Keras is patched."""
    shipped = keras_tests()
    full, lean = selected(shipped, full=True), selected(shipped, full=False)
    assert set(shipped) - set(full) == set(LEFT_OUT)
    assert set(lean) < set(full)
    assert "trainers/trainer_test.py" in lean
    assert "layers/layer_test.py" in lean
    assert not is_lean("callbacks/orbax_checkpoint_test.py")
    assert not is_lean("wrappers/sklearn_test.py")
    assert selected(shipped, full=False, only=["trees"]) == []


def test_a_file_gone_from_keras_is_missing() -> None:
    """`differences` is asked for every recorded file, whether Keras still ships it or not."""
    recorded = {A: FileOutcome.of({"test": "passed"})}
    assert [each.seen for each in differences(recorded, {})] == ["missing"]


SMALL = "callbacks/learning_rate_scheduler_test.py"


@pytest.mark.exhaustive
def test_a_small_file_of_keras_is_recorded_and_judged(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A captured run of a real file agrees with a recorded plain one, until that is changed."""
    path = tmp_path / "baseline.json"
    monkeypatch.setattr("tools.keras_tests.__main__.baseline_path", lambda: path)
    common = ["--workers", "0", "--only", SMALL]
    assert main(["record", "--runs", "1", *common]) == 0
    counts = Baseline.load(path).files[SMALL].counts
    assert counts["passed"] > 3
    assert counts["failed"] == 0
    capfd.readouterr()

    assert main(["check", *common]) == 0
    said = capfd.readouterr().out
    assert said.endswith(f"{counts['passed']} passed, 0 failed, {counts['skipped']} skipped\n")
    assert "\n0 tasks recorded" not in said

    content = json.loads(path.read_text())
    content["files"][SMALL]["digest"] = "another"
    path.write_text(json.dumps(content))
    assert main(["check", *common]) == 1
    assert "other tests" in capfd.readouterr().out
