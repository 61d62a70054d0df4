"""The cost of PROV documents: `python -m benchmarks.prov_export --help`.

For 100 to 100,000 epochs, a training of so many is recorded in a private server (in few messages
and without Keras). Then every format is written in a fresh process, which prints the seconds, those
of them on a processor, and by how many megabytes its memory grew at its peak.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.progress import track

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
)
from dfanalyzer_client.keras_schema import names as tags

from .figures import machine
from .homes import process_home

__all__ = ["main"]

EPOCHS = (100, 1_000, 10_000, 100_000)
FORMATS = ("json", "provn", "jsonld", "xml", "turtle")
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
ROWS_PER_MESSAGE = 1_000
STORE_SECONDS = 600.0
RESULTS = Path("build") / "prov_export.json"
MEGABYTE = 1 << 20


def main() -> None:
    """Measure, print a table, and write JSON."""
    options = _parser().parse_args()
    if options.child:
        print(json.dumps(_exported(*options.child)))
        return
    with process_home():
        found = list(_measured(options.epochs, options.formats))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine(), "figures": found}, indent=1) + "\n")


def _measured(epochs: list[int], formats: list[str]) -> Iterator[dict[str, Any]]:
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(
        f"{'epochs':>8} {'format':<8} {'seconds':>8} {'CPU s':>8} {'µs/epoch':>9} {'MB':>8} "
        f"{'file MB':>8}"
    )
    for count in epochs:
        execution = _recorded(count)
        for format_ in formats:
            command = [sys.executable, "-m", "benchmarks.prov_export", "--child"]
            done = subprocess.run(
                [*command, execution, format_], stdout=subprocess.PIPE, text=True, check=True
            )
            figure = {"epochs": count, "format": format_, **json.loads(done.stdout)}
            print(
                f"{count:>8,} {format_:<8} {figure['seconds']:>8.2f} {figure['cpu_seconds']:>8.2f} "
                f"{figure['cpu_seconds'] / count * 1e6:>9.0f} {figure['memory_mb']:>8.1f} "
                f"{figure['file_mb']:>8.1f}",
                flush=True,
            )
            yield figure


def _exported(execution: str, format_: str) -> dict[str, float]:
    """In a fresh process, export one execution; the seconds and megabytes that it took."""
    from dfanalyzer_client.config import settings
    from dfanalyzer_client.export.prov import execution_pieces, options_for
    from dfanalyzer_client.store import reader_connection

    connection = reader_connection(None, settings.home())
    options = options_for(None)
    before, began, worked = _peak(), time.perf_counter(), time.process_time()
    size = sum(map(len, execution_pieces(connection, execution, format_, options)))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - worked
    connection.close()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "memory_mb": (_peak() - before) / MEGABYTE,
        "file_mb": size / MEGABYTE,
    }


def _peak() -> int:
    """The peak memory of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _recorded(epochs: int) -> str:
    """The tag of an execution with a training of so many epochs, once it is stored."""
    numeric, text = AttributeType.NUMERIC, AttributeType.TEXT
    inputs = [Attribute(tags.TRAINING_STARTED, text), Attribute("LEARNING_RATE", numeric)]
    outputs = [Attribute(tags.EPOCH_ENDED, text), Attribute(tags.EPOCH_ID, numeric)]
    outputs += [Attribute(name, numeric) for name in METRICS]
    sets = [
        Set(tags.TRAINING_INPUT, SetType.INPUT, inputs),
        Set(tags.TRAINING_OUTPUT, SetType.OUTPUT, outputs),
    ]
    dataflow = Dataflow(f"scale-{epochs}", [Transformation(tags.TRAINING, sets)])
    dataflow.save()
    task = Task(1, dataflow.tag, dataflow.exec_tag, tags.TRAINING)
    task.begin()
    task.add_dataset(DataSet(tags.TRAINING_INPUT, [Element([task.start_time, 0.01])]))
    for first in track(range(0, epochs, ROWS_PER_MESSAGE), f"{epochs:,} epochs", transient=True):
        rows = [
            Element([task.start_time, epoch, *(1 / (epoch + 2 + n) for n in range(len(METRICS)))])
            for epoch in range(first, min(first + ROWS_PER_MESSAGE, epochs))
        ]
        task.add_dataset(DataSet(tags.TRAINING_OUTPUT, rows))
        task.save()
    task.end()
    if not flush(STORE_SECONDS):
        raise TimeoutError(f"{epochs} epochs are not stored after {STORE_SECONDS:g} s")
    return dataflow.exec_tag


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prov_export", description="Measure exports to W3C PROV."
    )
    parser.add_argument(
        "--epochs",
        type=int,
        nargs="+",
        default=list(EPOCHS),
        metavar="N",
        help=f"default: {' '.join(map(str, EPOCHS))}",
    )
    parser.add_argument(
        "--formats",
        nargs="+",
        default=list(FORMATS),
        metavar="FORMAT",
        help=f"default: {' '.join(FORMATS)}",
    )
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
