"""Build all distributions: for each name a wheel per kernel, one without, and a source archive.

Run it as `python -m build_support [DIRECTORY]`.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from build_support import distributions, kernel


def build_all(source: Path, destination: Path) -> bool:
    """Build all distributions in `destination`; if one fails, none is left there.

    Each wheel is built from the source archive, so nothing left in the tree can get into it.
    """
    kernel.clear(destination)
    platforms = (*kernel.KERNELS, "none")
    for name, platform in itertools.product(distributions.DISTRIBUTIONS, platforms):
        settings = {distributions.SETTING: name, kernel.SETTING: platform}
        print("Building with", *(f"{key}={value}" for key, value in settings.items()), flush=True)
        command = [sys.executable, "-m", "build", "--outdir", str(destination), str(source)]
        environment = {**os.environ, **settings}
        if subprocess.run(command, env=environment, check=False).returncode:  # noqa: S603  # our own command
            shutil.rmtree(destination, ignore_errors=True)
            return False
    return True


def main() -> int:
    """Build into the directory named on the command line, by default `dist`."""
    destination = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    if build_all(Path(__file__).parent.parent, destination):
        return 0
    print(
        f"error: no distribution was built and {destination} is empty; the reason is above",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
