"""The packages of a run as a requirements file for pip, with hashes where an index has them.

Which archives were installed is not recorded: pip keeps no hashes of them. So hashes come from the
index that pip uses where the crate is written, for this machine and this Python.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CrateError
from ...executions.environment import Environment
from ...support.distribution import NAMES

__all__ = ["Locked", "lock", "requirements_text"]

MINUTES = 10


@dataclass(frozen=True)
class Locked:
    """A distribution that pip has chosen: its name, its version, and SHA-256 of its archive."""

    name: str
    version: str
    sha256: str


def requirements_text(environment: Environment, locked: list[Locked] | None = None) -> str:
    """The requirements file; empty if no packages were recorded."""
    versions = _versions(environment)
    if not versions:
        return ""
    python = environment.first("python", "version") or "unknown"
    lines = [f"# Python {python}. Packages that the run imported, in their versions."]
    if locked is None:
        lines += ["# Without hashes: the archives that were installed are not recorded."]
        return (
            "\n".join([*lines, *(f"{name}=={version}" for name, version in versions.items())])
            + "\n"
        )
    lines += [
        f"# Hashes are those of the index, for {sys.platform} and Python "
        f"{sys.version_info.major}.{sys.version_info.minor}.",
        f"# {', '.join(NAMES)} have none: the command that reads this brings its own.",
    ]
    ours = [f"# {name}=={version}" for name, version in versions.items() if name in NAMES]
    known = [each for each in locked if each.name in versions]
    others = [each for each in locked if each.name not in versions]
    lines += [*ours, *map(_line, known)]
    if others:
        lines += ["# Not imported, but required by what was; their versions are today's."]
        lines += map(_line, others)
    return "\n".join(lines) + "\n"


def lock(environment: Environment) -> list[Locked]:
    """Ask pip, and so the index that its user has set, which archives these versions are.

    Nothing is installed.

    Raises:
        CrateError: pip is not installed, or does not find them all.
    """
    if importlib.util.find_spec("pip") is None:
        raise CrateError("Hashes of packages come from pip, which is not installed here.")
    wanted = {name: each for name, each in _versions(environment).items() if name not in NAMES}
    if not wanted:
        return []
    report = _pip_report(wanted)
    found = [_locked(item) for item in report.get("install", [])]
    return sorted(found, key=lambda each: each.name)


def _versions(environment: Environment) -> dict[str, str]:
    return {name: each for name, each in environment.last("package").items() if each}


def _line(each: Locked) -> str:
    return f"{each.name}=={each.version} \\\n    --hash=sha256:{each.sha256}"


def _pip_report(wanted: Mapping[str, str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="keras-prov-") as name:
        file, report = Path(name, "requirements.txt"), Path(name, "report.json")
        file.write_text("".join(f"{each}=={version}\n" for each, version in wanted.items()))
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        options = ["--dry-run", "--ignore-installed", "--quiet", "--only-binary", ":all:"]
        command = [*pip, *options, "--report", str(report), "-r", str(file)]
        try:
            done = subprocess.run(  # noqa: S603  # no shell
                command, capture_output=True, text=True, timeout=60 * MINUTES, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CrateError(f"pip could not be asked for hashes: {error}.") from None
        if done.returncode:
            problems = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reason = problems[-1] if problems else done.stderr.strip()[-300:]
            raise CrateError(
                f"pip finds no hashes for all packages of the run ({reason}). Name an index that "
                "has them (PIP_INDEX_URL, PIP_FIND_LINKS), or leave out --lock: then "
                "requirements.txt has versions only."
            )
        loaded: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return loaded


def _locked(item: dict[str, Any]) -> Locked:
    from packaging.utils import canonicalize_name

    about = item["metadata"]
    archive = item["download_info"].get("archive_info", {})
    sha256 = archive.get("hashes", {}).get("sha256")
    if sha256 is None:
        raise CrateError(f"The index has no SHA-256 of {about['name']} {about['version']}.")
    return Locked(canonicalize_name(about["name"]), about["version"], sha256)
