"""Environments of their own, in which tests install what the build has made."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
NOT_SOURCES = shutil.ignore_patterns(
    *(".git", ".venv*", "build", "dist", "*.egg-info", "_kernel"),
    *("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"),
)


@dataclass(frozen=True)
class InstalledPython:
    """The interpreter of an environment that holds a wheel and what it depends on."""

    bin: Path
    """Where `python` and the console scripts are."""
    directory: Path
    """Where scripts run; the sources of this repository are out of reach there."""

    @classmethod
    def created(cls, directory: Path) -> Self:
        """A new environment in `directory`, which holds pip alone."""
        venv.create(directory / "venv", with_pip=True)
        return cls(directory / "venv" / ("Scripts" if os.name == "nt" else "bin"), directory)

    def link(self, requirements: Iterable[str], target: Path | None = None) -> None:
        """Make importable what is required, and what that requires, as it is installed for us.

        Nothing is downloaded, and nothing else of our own environment can be imported.

        Args:
            requirements: as of pip.
            target: a folder; by default the environment's own.
        """
        if target is None:
            script = "import sysconfig; print(sysconfig.get_path('purelib'))"
            target = Path(self.run(script).strip())
        for distribution in _closure(requirements):
            for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
                link = target / top
                if not link.exists():
                    link.symlink_to(Path(str(distribution.locate_file(top))))

    def run(self, script: str, *arguments: str, **environment: str) -> str:
        """Run the text of a script and return what it printed."""
        path = self.directory / "script.py"
        path.write_text(script, encoding="utf-8")
        return self.command("python", str(path), *arguments, **environment)

    def command(self, name: str, *arguments: str, **environment: str) -> str:
        """Run a command of the environment and return what it printed."""
        done = self.try_command(name, *arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_command(
        self, name: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, which may fail."""
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return ran([str(self.bin / name), *arguments], self.directory, {**clean, **environment})


def _closure(requirements: Iterable[str]) -> list[importlib.metadata.Distribution]:
    """The distributions that are required, directly or indirectly, in this environment."""
    found: dict[str, importlib.metadata.Distribution] = {}
    pending = [Requirement(text) for text in requirements]
    seen: set[str] = set()
    while pending:
        wanted = pending.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        distribution = importlib.metadata.distribution(wanted.name)
        found[distribution.name] = distribution
        for each in map(Requirement, distribution.requires or ()):
            extras = ("", *wanted.extras)
            if each.marker is None or any(each.marker.evaluate({"extra": x}) for x in extras):
                pending.append(each)
    return list(found.values())


def copied_sources(target: Path) -> Path:
    """Copy the source tree, as a fresh clone has it, and return the copy."""
    return shutil.copytree(ROOT, target, ignore=NOT_SOURCES)


def output(command: list[str], directory: Path, environment: dict[str, str] | None = None) -> str:
    """What a command prints that has to succeed."""
    result = ran(command, directory, environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def ran(
    command: list[str], directory: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command that has run, and may have failed."""
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
