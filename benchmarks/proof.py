"""The cost of a record that shows tampering: `python -m benchmarks.proof --help`.

For 100 to 10,000 epochs, a training of so many is recorded in a private server, a message for each
epoch and without Keras. While that happens, every call of the hash chain is timed, and the threads
that make one are counted: the thread that records must make none. Then `keras-prov verify` runs in
a fresh process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
    flush,
    shutdown,
)
from dfanalyzer_client.journal._chain import Chain
from dfanalyzer_client.keras_schema import names as tags

from .figures import machine
from .homes import process_home

__all__ = ["main"]

EPOCHS = (100, 1_000, 10_000)
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
STORE_SECONDS = 600.0
RESULTS = Path("build") / "proof.json"
UNCHANGED = 0


@dataclass
class Chained:
    """What the hash chain took: records, CPU seconds, and its calls on the recording thread."""

    records: int = 0
    seconds: float = 0.0
    recording: int = 0
    thread: int = field(default_factory=threading.get_ident)


def main() -> None:
    """Measure, print a table, and write JSON."""
    options = _parser().parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(
        f"{'epochs':>8} {'append µs':>10} {'chain µs':>9} {'chain on thread':>15} {'verify s':>9} "
        f"{'per 10,000':>10}"
    )
    with process_home():
        found = [_measured(count) for count in options.epochs]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine(), "figures": found}, indent=1) + "\n")


def _measured(epochs: int) -> dict[str, Any]:
    with _timed_chain() as chained:
        execution, append = _recorded(epochs)
    seconds = _verified(execution)
    figure = {
        "epochs": epochs,
        "append_microseconds": append / epochs * 1e6,
        "chain_microseconds": chained.seconds / max(chained.records, 1) * 1e6,
        "chain_calls_on_recording_thread": chained.recording,
        "verify_seconds": seconds,
    }
    print(
        f"{epochs:>8,} {figure['append_microseconds']:>10.1f} "
        f"{figure['chain_microseconds']:>9.2f} {chained.recording:>15} {seconds:>9.2f} "
        f"{seconds / epochs * 10_000:>10.2f}",
        flush=True,
    )
    return figure


@contextmanager
def _timed_chain() -> Iterator[Chained]:
    """Take the processor time of every call of the hash chain in this process."""
    chained, original = Chained(), Chain.add

    def add(self: Chain, *arguments: Any) -> bytes:
        began = time.thread_time()
        head = original(self, *arguments)
        chained.seconds += time.thread_time() - began
        chained.records += 1
        chained.recording += threading.get_ident() == chained.thread
        return head

    setattr(Chain, "add", add)  # noqa: B010  # and put back below
    try:
        yield chained
    finally:
        setattr(Chain, "add", original)  # noqa: B010


def _recorded(epochs: int) -> tuple[str, float]:
    """Record a training of so many epochs; its tag, and the CPU seconds of appending these."""
    numeric, text = AttributeType.NUMERIC, AttributeType.TEXT
    outputs = [Attribute(tags.EPOCH_ENDED, text), Attribute(tags.EPOCH_ID, numeric)]
    outputs += [Attribute(name, numeric) for name in METRICS]
    sets = [Set(tags.TRAINING_OUTPUT, SetType.OUTPUT, outputs)]
    dataflow = Dataflow(f"proof-{epochs}", [Transformation(tags.TRAINING, sets)])
    dataflow.save()
    task = Task(1, dataflow.tag, dataflow.exec_tag, tags.TRAINING)
    task.begin()
    began = time.thread_time()
    for epoch in range(epochs):
        row = Element([task.start_time, epoch, *(1 / (epoch + 2 + n) for n in range(len(METRICS)))])
        task.add_dataset(DataSet(tags.TRAINING_OUTPUT, [row]))
        task.save()
    seconds = time.thread_time() - began
    task.end()
    if not flush(STORE_SECONDS):
        raise TimeoutError(f"{epochs} epochs are not stored after {STORE_SECONDS:g} s")
    shutdown()
    return dataflow.exec_tag, seconds


def _verified(execution: str) -> float:
    """Verify an execution as the command does; the seconds, with the start of Python."""
    command = [sys.executable, "-m", "dfanalyzer_client.cli", "verify", execution]
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode != UNCHANGED:
        raise RuntimeError(f"The record is not as it was captured:\n{done.stdout}")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.proof",
        description="Measure the hash chain, and how long verifying takes.",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        nargs="+",
        default=list(EPOCHS),
        metavar="N",
        help=f"default: {' '.join(map(str, EPOCHS))}",
    )
    return parser


if __name__ == "__main__":
    main()
