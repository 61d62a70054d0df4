"""The environment of a re-execution: a new virtual environment with the recorded packages."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import RerunError
from ..support.distribution import NAMES
from ._recipe import Recipe

__all__ = ["differing_versions", "environment_with", "python_version"]

PINNED = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!+_-]+)((?:\s+--hash=sha256:[0-9a-f]{64})*)")
OURS = ("dfanalyzer_client", "keras_prov")


def differing_versions(recipe: Recipe) -> Iterator[str]:
    """Packages of this environment that are not those of the run, as sentences' ends."""
    for name, version in recipe.packages.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{name} {version} (not installed)"
            continue
        if version and found != version:
            yield f"{name} {version} (here {found})"


def environment_with(
    requirements: Path, folder: Path, python: str, minutes: float
) -> tuple[Path, bool]:
    """A virtual environment with the requirements of a crate, and with Keras-Prov as it is here.

    Args:
        requirements: the crate's file.
        folder: where it is made; one that is there is used, and what is missing is installed.
        python: the interpreter that makes it.
        minutes: how long pip may take.

    Returns:
        Its interpreter, and whether the packages were checked by their hashes.

    Raises:
        RerunError: it cannot be made, pip fails, or the file has more than pinned versions.
    """
    wanted = list(_pinned(requirements))
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not interpreter.exists():
        _succeed([python, "-m", "venv", str(folder)], 5, "A virtual environment cannot be made")
    listed = folder / "keras-prov-requirements.txt"
    listed.write_text("\n".join([*wanted, ""]), encoding="utf-8")
    pip = [str(interpreter), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    if wanted:
        _succeed([*pip, "-r", str(listed)], minutes, "pip cannot install the packages")
    _link_ours(interpreter, folder)
    return interpreter, any("--hash" in line for line in wanted)


def python_version(python: str) -> str:
    """The version of an interpreter; raises RerunError if it cannot be started."""
    script = "import platform; print(platform.python_version())"
    return _succeed([python, "-c", script], 1, f"{python} is no Python").strip()


def _pinned(requirements: Path) -> Iterator[str]:
    """The lines for pip, without Keras-Prov: a crate's file may not name indexes or URLs."""
    try:
        text = requirements.read_text(encoding="utf-8")
    except OSError as error:
        raise RerunError(f"The crate has no requirements.txt that can be read: {error}.") from None
    for line in text.replace("\\\n", " ").splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        found = PINNED.fullmatch(line)
        if found is None:
            raise RerunError(
                "requirements.txt of a crate has lines such as name==1.0, and --hash=sha256:…. "
                f"Received: {line!r}."
            )
        if found[1].lower() not in NAMES:
            yield line


def _link_ours(interpreter: Path, folder: Path) -> None:
    """Make Keras-Prov importable there, as it is installed here: it records and compares."""
    ours = folder / "keras-prov"
    ours.mkdir(exist_ok=True)
    for name in OURS:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise RerunError(
                f"{name} is not installed here, and it has to record what is run: "
                "pip install keras-prov, or keras-prov-core with a backend."
            )
        link = ours / name
        if link.is_symlink():
            link.unlink()
        link.symlink_to(Path(spec.origin).parent)
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = _succeed([str(interpreter), "-c", script], 1, "The environment is damaged").strip()
    Path(packages, "keras-prov.pth").write_text(f"{ours}\n", encoding="utf-8")


def _succeed(command: Sequence[str], minutes: float, problem: str) -> str:
    """What a command prints; raises RerunError with the end of its complaint if it fails."""
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and no word of it is the crate's
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60 * minutes,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise RerunError(f"{problem}: it took more than {minutes:g} minutes.") from None
    except OSError as error:
        raise RerunError(f"{problem}: {error}.") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise RerunError(f"{problem}: {(errors or ['no reason was given'])[-1].strip()}")
    return done.stdout


def _environment() -> Mapping[str, str]:
    """The variables without PYTHONPATH, which belongs to the interpreter of this process."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
