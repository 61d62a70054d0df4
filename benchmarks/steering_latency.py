"""`python -m benchmarks.steering_latency`: how long it takes until a request is applied.

One training of Keras with steps of 10 ms, in a process of its own, gets requests one after the
other. Then many trainings, ten in each process, get one each at the same moment; these are loops
of 10 ms without Keras, because so many of Keras would only measure how they compete for the
processor. The client, the journal, the exporter and the database are the real ones.

The time of a request is that from when it was asked until the training's thread has decided, both
by the clock of this machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dfanalyzer_client
from dfanalyzer_client.analysis import run as run_named

from .homes import process_home
from .training import show

__all__ = ["latencies_of_many", "latencies_of_one", "main"]

ROOT = Path(__file__).resolve().parents[1]
IN_A_PROCESS = 10
SECONDS = 300.0
"""So long may a training take to begin, and a request to be answered."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--trainings", type=int, default=50, help="default: %(default)s")
    options = parser.parse_args()
    with process_home():
        one = latencies_of_one(options.requests)
        show(f"{len(one)} requests to a training with steps of 10 ms, ms", one, 1e3)
        many = latencies_of_many(options.trainings)
        show(f"{len(many)} trainings asked at once, ms", many, 1e3)
        sys.stdout.write(f"load: {', '.join(f'{each:.1f}' for each in os.getloadavg())}\n")


def latencies_of_one(requests: int) -> list[float]:
    """Seconds until each of some requests was applied, to one training of Keras."""
    with _process("keras", "latency", 1) as (run,):
        for number in range(1, requests + 1):
            dfanalyzer_client.steer(run, set={"learning_rate": 0.1 / number}, wait=SECONDS)
        dfanalyzer_client.steer(run, stop_now=True, wait=SECONDS)
        return _latencies(run)[:requests]


def latencies_of_many(trainings: int) -> list[float]:
    """Seconds until each of many trainings has applied the one request to it."""
    with ExitStack() as stack:
        runs: list[str] = []
        while len(runs) < trainings:
            count = min(IN_A_PROCESS, trainings - len(runs))
            runs += stack.enter_context(_process("loops", f"latency-{len(runs)}", count))
        for run in runs:
            dfanalyzer_client.steer(run, stop=True)
        for run in runs:
            _await(run)
        return [seconds for run in runs for seconds in _latencies(run)]


@contextmanager
def _process(kind: str, tag: str, count: int) -> Iterator[Sequence[str]]:
    """A process that trains; gives the tags of its executions, and waits for its end."""
    process = subprocess.Popen(  # our own module
        [sys.executable, "-m", "benchmarks.steered_trainings", kind, tag, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    try:
        yield [process.stdout.readline().strip() for _ in range(count)]
        process.wait(SECONDS)
    finally:
        process.kill()
        process.wait()


def _await(run: str) -> None:
    """Wait until the requests to a training are answered."""
    deadline = time.monotonic() + SECONDS
    while "waiting" in run_named(run).steering.column("state"):
        if time.monotonic() > deadline:
            raise SystemExit(f"error: {run} has not answered within {SECONDS:g} s.")
        time.sleep(0.1)


def _latencies(run: str) -> list[float]:
    """Seconds of each request; stops if one was not applied."""
    rows = run_named(run).steering.to_dicts()
    for row in rows:
        if row["state"] != "applied":
            raise SystemExit(f"error: {run} has not applied a request: {row}")
    return [(row["decided"] - row["asked"]).total_seconds() for row in rows]


if __name__ == "__main__":
    main()
