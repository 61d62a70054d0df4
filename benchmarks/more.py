"""`python -m benchmarks.more`: the benchmarks that are not in the report, in separate processes."""

from __future__ import annotations

import argparse
import subprocess
import sys

NAMES = (
    "imports",
    "start",
    "capture",
    "training",
    "refits",
    "bulk",
    "delivery",
    "prov_export",
    "proof",
    "service",
)


def main() -> None:
    """Run them one after the other."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.more",
        description="Measure imports, starts, patches, trainings, delivery, PROV, proof, service.",
    ).parse_args()
    for name in NAMES:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
