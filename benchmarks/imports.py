"""`python -m benchmarks.imports`: what `import keras_prov` adds to `import keras`."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

SCRIPT = """
import time
import keras
before = time.perf_counter()
import {module}
print(time.perf_counter() - before)
"""


def main() -> None:
    """Print the added time of both imports, as median and range."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9, help="default: %(default)s")
    repeats = parser.parse_args().repeats
    print(f"import after `import keras`, in {repeats} fresh processes, ms: median (min … max)")
    for module, found in added_seconds(repeats).items():
        low, middle, high = (1e3 * f(found) for f in (min, statistics.median, max))
        print(f"  {module:<12}{middle:8.1f} ({low:.1f} … {high:.1f})")


def added_seconds(repeats: int) -> dict[str, list[float]]:
    """Seconds that the import of a module takes once Keras is imported, alternating."""
    seconds: dict[str, list[float]] = {"keras": [], "keras_prov": []}
    # "" keeps compiled files, as after the installation of a wheel
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    for number in range(-1, repeats):  # the first round fills caches and does not count
        for module, found in seconds.items():
            done = subprocess.run(
                [sys.executable, "-c", SCRIPT.format(module=module)],
                capture_output=True,
                text=True,
                check=True,
                env=environment,
            )
            if number >= 0:
                found.append(float(done.stdout))
    return seconds


if __name__ == "__main__":
    main()
