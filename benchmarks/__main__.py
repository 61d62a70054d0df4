"""`python -m benchmarks`: measure what we claim, and write a report.

It trains the quick grid and the network of the paper's questions into its own database, measures
what capture and other tools add, asks the questions, and writes a report. Every step runs in its
own processes. For steps that are not asked for, the report uses the figures of an earlier run in
`build/`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dfanalyzer_client.private_server import PrivateServer

from .written_report import Results, write

__all__ = ["main"]

RESULTS = Path("build")
REPORT = Path(__file__).parent / "report"
PAPERS_NETWORK = ("--epochs", "5", "--growth-rate", "24", "--blocks", "4", "4", "4")
"""The network of the paper's questions: K = 24 and L = 4."""

STEPS: dict[str, list[list[str]]] = {
    "grid": [["grid", "--quick"], ["grid", "--quick", *PAPERS_NETWORK]],
    "overhead": [["overhead"]],
    "epochs": [["epochs"]],
    "peers": [["peers"]],
    "queries": [["questions"]],
}
MEASURED = ("overhead", "peers")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the steps one after the other; the exit code is 1 if one failed."""
    options = _parser().parse_args(arguments)
    home = options.home.absolute()
    os.environ["KERAS_PROV_HOME"] = str(home)
    os.environ.pop("KERAS_PROV_STORE", None)  # the grid uses its own database
    failed = []
    began = time.perf_counter()
    try:
        for step in options.only:
            if not _succeeds(step, options.pairs):
                failed.append(step)
    finally:
        PrivateServer(home).stop()
    minutes = (time.perf_counter() - began) / 60
    names = (field.name for field in dataclasses.fields(Results))
    results = {name: _read(RESULTS / f"{name}.json") for name in names}
    write(Results(**results), RESULTS, options.report)
    print(f"{minutes:.0f} minutes. Written to {options.report / 'README.md'}.")
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _succeeds(step: str, pairs: int | None) -> bool:
    """Run the commands of a step; whether all of them succeeded."""
    more = ["--pairs", str(pairs)] if pairs and step in MEASURED else []
    for number, arguments in enumerate(STEPS[step], 1):
        command = ["-m", f"benchmarks.{arguments[0]}", *arguments[1:], *more]
        print(f"{step} ({number} of {len(STEPS[step])}): python {' '.join(command)}", flush=True)
        if subprocess.run([sys.executable, *command], check=False).returncode:
            return False
    return True


def _read(path: Path) -> dict[str, Any] | None:
    """The figures of a step; None if there are none."""
    if not path.exists():
        return None
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure what we claim, and write a report."
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=STEPS,
        metavar="STEP",
        default=list(STEPS),
        help=f"any of {', '.join(STEPS)}; default: all",
    )
    parser.add_argument("--pairs", type=int, help="pairs of overhead and peers; default: theirs")
    parser.add_argument(
        "--home", type=Path, default=RESULTS / "bench", help="data folder: %(default)s"
    )
    parser.add_argument(
        "--report", type=Path, default=REPORT, help="folder of the report: benchmarks/report"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
