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
"""What the outcomes of Keras' tests hang on; one that is missing makes tests skip, or fail."""


class NoBaselineError(Exception):
    """Nothing was recorded for the installed Keras; the text says which command does so."""


@dataclass
class Baseline:
    """What plain Keras' tests came to.

    Attributes:
        files: the outcomes of each file, by its path below ``keras/src``.
        unstable: tests, as ``FILE::TEST``, whose outcome differs from run to run, and what was
            seen of them. They are not compared.
        made_with: versions of what it was recorded with.
    """

    files: dict[str, FileOutcome] = field(default_factory=dict)
    unstable: dict[str, str] = field(default_factory=dict)
    made_with: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, runs: Sequence[Run], known_unstable: Mapping[str, str] | None = None) -> Baseline:
        """Condense runs of the same files of plain Keras.

        Args:
            runs: two or more show which tests are unstable.
            known_unstable: those seen before. They stay so: a test that seldom fails passes in
                most recordings.
        """
        unstable = {**(known_unstable or {}), **unstable_tests([run.outcomes for run in runs])}
        files = {
            file: FileOutcome.of(tests, [name for name in tests if f"{file}::{name}" in unstable])
            for file, tests in runs[0].outcomes.items()
        }
        return cls(files, unstable, made_with())

    @classmethod
    def load(cls, path: Path) -> Baseline:
        """Read what `save` has written.

        Raises:
            NoBaselineError: there is no such file.
        """
        if not path.exists():
            raise NoBaselineError(
                f"There is no baseline for Keras {importlib.metadata.version('keras')}: "
                f"{path.name} is missing. `python -m tools.keras_tests record` makes it."
            )
        content = json.loads(path.read_text(encoding="utf-8"))
        files = {file: FileOutcome.from_json(each) for file, each in content["files"].items()}
        return cls(files, content["unstable"], content["made_with"])

    def save(self, path: Path) -> None:
        """Write it to a file that `load` reads."""
        content = {
            "made_with": self.made_with,
            "unstable": self.unstable,
            "files": {file: each.to_json() for file, each in self.files.items()},
        }
        path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def updated(self, newer: Baseline) -> Baseline:
        """This one, with the files of `newer` in place of its own."""
        return Baseline(
            {**self.files, **newer.files}, {**self.unstable, **newer.unstable}, newer.made_with
        )


def baseline_path(version: str | None = None) -> Path:
    """The file for a version of Keras; of the one that is installed, where none is given."""
    return Path(__file__).with_name(
        f"baseline-{version or importlib.metadata.version('keras')}.json"
    )


def unstable_tests(runs: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, str]:
    """The tests, as ``FILE::TEST``, that did not end alike in all runs, and how they did end."""
    seen: dict[str, list[str]] = {}
    for file in sorted({file for run in runs for file in run}):
        for test in sorted({test for run in runs for test in run.get(file, {})}):
            seen[f"{file}::{test}"] = [run.get(file, {}).get(test, "missing") for run in runs]
    return {test: ", then ".join(ends) for test, ends in seen.items() if len(set(ends)) > 1}


def made_with() -> dict[str, str]:
    """The versions that are installed here; those of missing packages are empty."""
    versions = {"backend": BACKEND, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = ""
    return versions
