"""The outcomes of tests, and how two runs differ."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["COLLECTION", "Difference", "FileOutcome", "counted", "differences", "worst"]

COLLECTION = "(collection)"
"""Used in place of a test's name if a whole file was skipped, or failed."""

_RANK = {"passed": 0, "skipped": 1, "failed": 2}


def worst(*outcomes: str) -> str:
    """The outcome of a test, given those of its set-up, call and tear-down."""
    return max(outcomes, key=_RANK.__getitem__)


def counted(outcomes: Iterable[str]) -> dict[str, int]:
    """The number of tests by outcome, in the order in which they are printed."""
    counts = Counter(outcomes)
    return {outcome: counts[outcome] for outcome in ("passed", "failed", "skipped")}


@dataclass(frozen=True)
class FileOutcome:
    """The outcomes of one file, in the compact form that is recorded.

    Attributes:
        counts: how many tests passed, failed and were skipped.
        digest: hash of the names of all tests, which differs if the set of tests does.
        not_passed: the tests that failed or were skipped.
    """

    counts: Mapping[str, int]
    digest: str
    not_passed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tests: Mapping[str, str], unstable: Collection[str] = ()) -> FileOutcome:
        """Condense the outcomes of tests, without those in `unstable`."""
        stable = {name: outcome for name, outcome in tests.items() if name not in unstable}
        names = "\n".join(sorted(stable))
        return cls(
            counted(stable.values()),
            hashlib.sha256(names.encode()).hexdigest()[:16],
            {name: how for name, how in sorted(stable.items()) if how != "passed"},
        )

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> FileOutcome:
        """Read what `to_json` has returned."""
        return cls(entry["counts"], entry["digest"], entry.get("not_passed", {}))

    def to_json(self) -> dict[str, Any]:
        """The outcome as a JSON value."""
        compact: dict[str, Any] = {"counts": dict(self.counts), "digest": self.digest}
        return {**compact, "not_passed": dict(self.not_passed)} if self.not_passed else compact

    @property
    def total(self) -> int:
        """The number of tests."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Difference:
    """A test, or a whole file if `test` is empty, that did not end as recorded."""

    file: str
    test: str
    recorded: str
    seen: str

    def __str__(self) -> str:
        name = f"{self.file}::{self.test}" if self.test else self.file
        return f"{name}: {self.seen}, recorded: {self.recorded}"


def differences(
    recorded: Mapping[str, FileOutcome],
    seen: Mapping[str, Mapping[str, str]],
    unstable: Collection[str] = (),
) -> list[Difference]:
    """How the tests in `seen` differ from the recorded ones; empty if they do not.

    Args:
        recorded: outcomes of the files that were to be run.
        seen: outcomes of the tests, by file.
        unstable: tests, as ``FILE::TEST``, that are not compared.
    """
    found: list[Difference] = []
    for file in sorted({*recorded, *seen}):
        if file not in seen:
            found.append(Difference(file, "", f"{recorded[file].total} tests", "missing"))
        elif file not in recorded:
            found.append(Difference(file, "", "nothing", f"{len(seen[file])} tests"))
        else:
            found += _in_file(file, recorded[file], seen[file], unstable)
    return found


def _in_file(
    file: str, recorded: FileOutcome, tests: Mapping[str, str], unstable: Collection[str]
) -> list[Difference]:
    left_out = {name for name in tests if f"{file}::{name}" in unstable}
    now = FileOutcome.of(tests, left_out)
    found = [
        Difference(file, test, recorded.not_passed.get(test, "passed"), seen)
        for test in sorted({*recorded.not_passed, *now.not_passed})
        if (seen := tests.get(test, "missing")) != recorded.not_passed.get(test, "passed")
    ]
    if not found and now != recorded:
        found.append(Difference(file, "", _summary(recorded), f"{_summary(now)}, other tests"))
    return found


def _summary(outcome: FileOutcome) -> str:
    return ", ".join(f"{count} {how}" for how, count in outcome.counts.items())
