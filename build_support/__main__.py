"""Build all distributions: for each name a source archive, a wheel per kernel, and one without.

Run it as `python -m build_support [DIRECTORY [NAME…]]`; without names, it builds all of them.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from build import BuildBackendException, ProjectBuilder
from build.env import DefaultIsolatedEnv
from pyproject_hooks import default_subprocess_runner

from build_support import distributions, kernel

if TYPE_CHECKING:
    from pyproject_hooks import SubprocessRunner


def build_all(
    source: Path, destination: Path, names: Sequence[str] = distributions.DISTRIBUTIONS
) -> bool:
    """Build the distributions of these names in `destination`; if one fails, none is left there.

    Each wheel is built from the source archive, so nothing left in the tree can get into it. All
    are built in one environment, which has only what the build asks for.
    """
    kernel.clear(destination)
    try:
        with DefaultIsolatedEnv() as environment:
            for name in names:
                _build_named(environment, source, destination, name)
    except BuildBackendException as error:
        print(f"error: {error}", file=sys.stderr)
        shutil.rmtree(destination, ignore_errors=True)
        return False
    return True


def _build_named(
    environment: DefaultIsolatedEnv, source: Path, destination: Path, name: str
) -> None:
    """Build the source archive of a name, and its wheels from that."""
    archive = _build(environment, source, "sdist", destination, {distributions.SETTING: name})
    with tempfile.TemporaryDirectory() as folder:
        for platform in (*kernel.KERNELS, "none"):
            tree = _unpacked(archive, Path(folder, platform))
            settings = {distributions.SETTING: name, kernel.SETTING: platform}
            _build(environment, tree, "wheel", destination, settings)


def _build(
    environment: DefaultIsolatedEnv,
    tree: Path,
    kind: Literal["sdist", "wheel"],
    destination: Path,
    settings: Mapping[str, str],
) -> Path:
    """Build an ``sdist`` or a ``wheel``, with settings for `setup.py`."""
    print(f"Building the {kind} with", *(f"{key}={value}" for key, value in settings.items()))
    sys.stdout.flush()
    builder = ProjectBuilder.from_isolated_env(environment, tree, _with_settings(settings))
    environment.install(builder.build_system_requires)
    environment.install(builder.get_requires_for_build(kind))
    return Path(builder.build(kind, destination))


def _with_settings(settings: Mapping[str, str]) -> SubprocessRunner:
    """A runner of the build's hooks that adds variables to their environment."""

    def run(
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        default_subprocess_runner(cmd, cwd, {**settings, **(extra_environ or {})})

    return run


def _unpacked(archive: Path, folder: Path) -> Path:
    """The tree of a source archive."""
    with tarfile.open(archive) as members:
        members.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    return tree


def main() -> int:
    """Build into the directory named on the command line, by default `dist`."""
    _, given, *names = [*sys.argv, "dist"] if len(sys.argv) < 2 else sys.argv
    destination = Path(given)
    unknown = [name for name in names if name not in distributions.DISTRIBUTIONS]
    if unknown:
        print(f"error: there is no distribution {unknown[0]!r}", file=sys.stderr)
        return 2
    root = Path(__file__).parent.parent
    if build_all(root, destination, names or distributions.DISTRIBUTIONS):
        return 0
    print(
        f"error: no distribution was built and {destination} is empty; the reason is above",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
