"""What a check prints: a table, what differs and why, and the closing line."""

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
        differences: files and tests that did not do as recorded.
        logged: failures that Keras-Prov has logged.
        nothing_recorded: capture was on, and not one task has come of it.
        passed: tests that passed, or failed, as plain Keras does, or are known to be unstable.
        skipped: tests skipped, as in plain Keras.
    """

    differences: Sequence[Difference]
    logged: Sequence[LoggedFailure]
    nothing_recorded: bool
    passed: int
    skipped: int

    @property
    def failed(self) -> int:
        """The number of things that are not as they should be."""
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
        baseline: what plain Keras did.
        run: what was seen now.
        expected: the files of the baseline that the run should have had.
        must_record: whether a run of these files without one recorded task means that capture
            did not work.
    """
    recorded = {file: baseline.files[file] for file in expected}
    differing = differences(recorded, run.outcomes, baseline.unstable)
    others = {(each.file, each.test) for each in differing}
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
    """All that is printed of a check; the last line is the closing one."""
    parts = [
        *_table(run.outcomes, verdict.differences),
        *_told_differences(verdict, run),
        *_told_failures(verdict.logged),
        *_told_versions(verdict, baseline.made_with),
        "",
        *_told_circumstances(verdict, run, baseline),
        verdict.closing_line,
    ]
    return "\n".join(parts) + "\n"


def _table(outcomes: Mapping[str, Mapping[str, str]], differing: Sequence[Difference]) -> list[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for file in sorted({*outcomes, *(each.file for each in differing)}):
        groups[file.partition("/")[0]].append(file)
    lines = [_row("keras/src", "files", "passed", "failed", "skipped", "differ")]
    for group, files in [*groups.items(), ("all", sorted(outcomes))]:
        counts = counted(how for file in files for how in outcomes.get(file, {}).values())
        differ = sum(each.file in files or group == "all" for each in differing)
        lines.append(_row(group, len(files), *counts.values(), differ))
    return lines


def _row(group: str, *cells: object) -> str:
    return f"{group:<16}" + "".join(f"{cell!s:>9}" for cell in cells)


def _told_differences(verdict: Verdict, run: Run) -> list[str]:
    lines = []
    for each in verdict.differences:
        lines += ["", str(each)]
        reason = run.reasons.get(f"{each.file}::{each.test}", "").splitlines()
        lines += [f"    {line}" for line in reason[-LINES_OF_A_REASON:]]
    if verdict.nothing_recorded:
        lines += ["", "Capture was on, and not one task was recorded."]
    return lines


def _told_failures(logged: Sequence[LoggedFailure]) -> list[str]:
    lines = []
    for each in logged[:FAILURES_SHOWN]:
        lines += ["", f"Keras-Prov logged a failure in {each.test or 'no test'}:"]
        lines += [f"    {line}" for line in each.message.splitlines()]
    if len(logged) > FAILURES_SHOWN:
        lines += ["", f"… and {len(logged) - FAILURES_SHOWN} failures more."]
    return lines


def _told_versions(verdict: Verdict, recorded: Mapping[str, str]) -> list[str]:
    """Where something differs: what else has changed since the recording."""
    here = made_with()
    others = [
        f"{name} {here.get(name) or 'missing'} (recorded with {version or 'none'})"
        for name, version in recorded.items()
        if here.get(name, "") != version
    ]
    if not verdict.differences or not others:
        return []
    return ["", f"Other versions than at the recording: {', '.join(others)}."]


def _told_circumstances(verdict: Verdict, run: Run, baseline: Baseline) -> list[str]:
    own = sum(how == "failed" for tests in run.outcomes.values() for how in tests.values())
    unstable = sum(
        f"{file}::{test}" in baseline.unstable
        for file, tests in run.outcomes.items()
        for test in tests
    )
    return [
        f"{run.tasks} tasks recorded in {run.seconds:.0f} s; {own} tests fail, of which "
        f"{len(verdict.differences)} other than in plain Keras; {unstable} unstable, not compared",
        "judged: passed is as plain Keras does, failed is otherwise",
    ]
