"""What a check prints: a table, what differs and why, and the last line with the counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .baseline import Baseline, made_with
from .outcomes import Difference, counted, differences
from .running import LoggedFailure, Run

__all__ = ["Verdict", "judged", "text"]

LINES_OF_A_REASON = 25
FAILURES_SHOWN = 10


@dataclass(frozen=True)
class Verdict:
    """How a captured run compares with the baseline.

    Attributes:
        differences: files and tests that did not end as recorded.
        logged: failures that Keras-Prov has logged.
        nothing_recorded: whether capture was on and no task was recorded.
        passed: tests that passed or failed as in plain Keras, or are known to be unstable.
        skipped: tests that were skipped, as in plain Keras.
    """

    differences: Sequence[Difference]
    logged: Sequence[LoggedFailure]
    nothing_recorded: bool
    passed: int
    skipped: int

    @property
    def failed(self) -> int:
        """The number of differences and failures."""
        return len(self.differences) + len(self.logged) + self.nothing_recorded

    @property
    def closing_line(self) -> str:
        """The last line of a check."""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def judged(
    baseline: Baseline, run: Run, expected: Iterable[str], *, must_record: bool = True
) -> Verdict:
    """Compare a captured run with the baseline.

    Args:
        baseline: the outcomes of plain Keras.
        run: the captured run.
        expected: the files of the baseline that the run should include.
        must_record: whether a run of these files without a recorded task means that capture did
            not work.
    """
    recorded = {file: baseline.files[file] for file in expected}
    differing = differences(recorded, run.outcomes, baseline.unstable)
    others = {(difference.file, difference.test) for difference in differing}
    alike = counted(
        outcome
        for file, tests in run.outcomes.items()
        for test, outcome in tests.items()
        if (file, test) not in others
    )
    return Verdict(
        differences=differing,
        logged=run.logged,
        nothing_recorded=must_record and run.tasks == 0,
        passed=alike["passed"] + alike["failed"],
        skipped=alike["skipped"],
    )


def text(verdict: Verdict, run: Run, baseline: Baseline) -> str:
    """Everything that a check prints; the last line has the counts."""
    parts = [
        *_table(run.outcomes, verdict.differences),
        *_difference_lines(verdict, run),
        *_failure_lines(verdict.logged),
        *_version_lines(verdict, baseline.made_with),
        "",
        *_summary_lines(verdict, run, baseline),
        verdict.closing_line,
    ]
    return "\n".join(parts) + "\n"


def _table(outcomes: Mapping[str, Mapping[str, str]], differing: Sequence[Difference]) -> list[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for file in sorted({*outcomes, *(difference.file for difference in differing)}):
        groups[file.partition("/")[0]].append(file)
    lines = [_row("keras/src", "files", "passed", "failed", "skipped", "differ")]
    for group, files in [*groups.items(), ("all", sorted(outcomes))]:
        counts = counted(how for file in files for how in outcomes.get(file, {}).values())
        differ = sum(found.file in files or group == "all" for found in differing)
        lines.append(_row(group, len(files), *counts.values(), differ))
    return lines


def _row(group: str, *cells: object) -> str:
    return f"{group:<16}" + "".join(f"{cell!s:>9}" for cell in cells)


def _difference_lines(verdict: Verdict, run: Run) -> list[str]:
    lines = []
    for difference in verdict.differences:
        lines += ["", str(difference)]
        reason = run.reasons.get(f"{difference.file}::{difference.test}", "").splitlines()
        lines += [f"    {line}" for line in reason[-LINES_OF_A_REASON:]]
    if verdict.nothing_recorded:
        lines += ["", "Capture was on, but no task was recorded."]
    return lines


def _failure_lines(logged: Sequence[LoggedFailure]) -> list[str]:
    lines = []
    for failure in logged[:FAILURES_SHOWN]:
        lines += ["", f"Keras-Prov logged a failure in {failure.test or 'no test'}:"]
        lines += [f"    {line}" for line in failure.message.splitlines()]
    if len(logged) > FAILURES_SHOWN:
        lines += ["", f"… and {len(logged) - FAILURES_SHOWN} more failures."]
    return lines


def _version_lines(verdict: Verdict, recorded: Mapping[str, str]) -> list[str]:
    """If something differs, the versions that have changed since the recording."""
    here = made_with()
    others = [
        f"{name} {here.get(name) or 'missing'} (recorded with {version or 'none'})"
        for name, version in recorded.items()
        if here.get(name, "") != version
    ]
    if not verdict.differences or not others:
        return []
    return ["", f"Versions that have changed since the recording: {', '.join(others)}."]


def _summary_lines(verdict: Verdict, run: Run, baseline: Baseline) -> list[str]:
    failing = sum(how == "failed" for tests in run.outcomes.values() for how in tests.values())
    unstable = sum(
        f"{file}::{test}" in baseline.unstable
        for file, tests in run.outcomes.items()
        for test in tests
    )
    return [
        f"{run.tasks} tasks recorded in {run.seconds:.0f} s; {failing} tests fail; "
        f"{len(verdict.differences)} differ from plain Keras; {unstable} unstable, not compared",
        "below, passed means as in plain Keras, and failed means differently",
    ]
