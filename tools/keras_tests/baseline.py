"""The recorded outcomes of plain Keras, as a file."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .outcomes import FileOutcome
from .running import BACKEND, Run

__all__ = ["Baseline", "NoBaselineError", "baseline_path", "made_with", "unstable_tests"]

PACKAGES = (
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "numpy",
    "grain",
    "dm-tree",
    "orbax-checkpoint",
    "pandas",
    "pillow",
    "pytest",
    "requests",
    "scikit-learn",
    "scipy",
    "tensorboard",
)
"""The outcomes of Keras' tests depend on these; tests are skipped or fail if one is missing."""


class NoBaselineError(Exception):
    """Nothing was recorded for the installed Keras; the message names the command that does it."""


@dataclass
class Baseline:
    """The outcomes of plain Keras' tests.

    Attributes:
        files: outcomes by file, as a path below ``keras/src``.
        unstable: tests, as ``FILE::TEST``, whose outcomes differ from run to run, and the outcomes
            seen. They are not compared.
        made_with: the versions that it was recorded with.
    """

    files: dict[str, FileOutcome] = field(default_factory=dict)
    unstable: dict[str, str] = field(default_factory=dict)
    made_with: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, runs: Sequence[Run], known_unstable: Mapping[str, str] | None = None) -> Baseline:
        """Condense several runs of the same files with plain Keras.

        Args:
            runs: two or more, to find unstable tests.
            known_unstable: those found before. They stay unstable, because a test that rarely
                fails passes in most recordings.
        """
        unstable = {**(known_unstable or {}), **unstable_tests([run.outcomes for run in runs])}
        files = {
            file: FileOutcome.of(tests, [name for name in tests if f"{file}::{name}" in unstable])
            for file, tests in runs[0].outcomes.items()
        }
        return cls(files, unstable, made_with())

    @classmethod
    def load(cls, path: Path) -> Baseline:
        """Read a file that `save` has written.

        Raises:
            NoBaselineError: there is no such file.
        """
        if not path.exists():
            raise NoBaselineError(
                f"There is no baseline for Keras {importlib.metadata.version('keras')}: "
                f"{path.name} is missing. `python -m tools.keras_tests record` creates it."
            )
        content = json.loads(path.read_text(encoding="utf-8"))
        files = {file: FileOutcome.from_json(entry) for file, entry in content["files"].items()}
        return cls(files, content["unstable"], content["made_with"])

    def save(self, path: Path) -> None:
        """Write a file that `load` reads."""
        content = {
            "made_with": self.made_with,
            "unstable": self.unstable,
            "files": {file: outcome.to_json() for file, outcome in self.files.items()},
        }
        path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def updated(self, newer: Baseline) -> Baseline:
        """This baseline, with the files of `newer` replaced."""
        return Baseline(
            {**self.files, **newer.files}, {**self.unstable, **newer.unstable}, newer.made_with
        )


def baseline_path(version: str | None = None) -> Path:
    """The file for a version of Keras, by default the installed one."""
    return Path(__file__).with_name(
        f"baseline-{version or importlib.metadata.version('keras')}.json"
    )


def unstable_tests(runs: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, str]:
    """The tests, as ``FILE::TEST``, that did not end alike in all runs, and how they ended."""
    seen: dict[str, list[str]] = {}
    for file in sorted({file for run in runs for file in run}):
        for test in sorted({test for run in runs for test in run.get(file, {})}):
            seen[f"{file}::{test}"] = [run.get(file, {}).get(test, "missing") for run in runs]
    return {test: ", then ".join(ends) for test, ends in seen.items() if len(set(ends)) > 1}


def made_with() -> dict[str, str]:
    """The installed versions; empty for packages that are missing."""
    versions = {"backend": BACKEND, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = ""
    return versions
