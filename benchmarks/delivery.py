"""`python -m benchmarks.delivery`: from the training thread to the row that others see.

It prints a table, and writes it as JSON: (a) the cost of an append in the calling thread, (b) rows
per second of one writer, (c) rows per second of several writers, (d) the delay until others see an
epoch's row, (e) memory over a million messages, (f) the wait at the end of a training. `--only b,c`
measures some of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dfanalyzer_client import DataSet, Element, Task, flush
from dfanalyzer_client.config import settings
from dfanalyzer_client.journal import Journal

from .figures import Report
from .homes import process_home
from .rows import stream_of
from .writers import lost_or_duplicated, rates_of_writers

APPENDS = 20_000
PACED = 1000
PACE_SECONDS = 0.001
ROWS = 200_000
MILLION = 1_000_000
FITS = 10


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path("build/delivery.json"), metavar="FILE")
    parser.add_argument("--only", default="abcdef", help="letters of the measurements")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of (b) and (c): %(default)s")
    options = parser.parse_args()
    report = Report()
    with process_home():
        for letter, measure in MEASURES.items():
            if letter in options.only:
                measure(report, options.rounds)
    report.write(options.json)


def appends(report: Report, _: int) -> None:
    """(a) Seconds of one append, hot and after a pause, and of a bare write(2) of as many bytes."""
    stream = stream_of("appends")
    flush(60)
    times = seconds_of(lambda number: stream.send([number]), APPENDS)
    report.add("a", "append, one after the other", "µs", times, 1e6, "median ≤ 25, p99 ≤ 200")
    flush(None)
    paced = seconds_of(lambda number: stream.send([number]), PACED, PACE_SECONDS)
    report.add("a", "append, every ms", "µs", paced, 1e6, "median ≤ 25, p99 ≤ 200")
    flush(None)
    with tempfile.NamedTemporaryFile() as file:
        line = b"x" * 250
        bare = seconds_of(lambda _: os.write(file.fileno(), line), PACED, PACE_SECONDS)
    report.add("a", "for comparison: a bare write(2), every ms", "µs", bare, 1e6)
    whole = seconds_of(one_task, APPENDS // 4)
    report.add("a", "Task, DataSet and save(), one after the other", "µs", whole, 1e6)
    flush(None)


def one_writer(report: Report, rounds: int) -> None:
    """(b) Rows per second from a full journal to the store, and while it is being written."""
    stream = stream_of("writer")
    flush(60)
    drained, sustained = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        for number in range(ROWS):
            stream.send([number])
        flush(None)
        sustained.append(ROWS / (time.perf_counter() - began))
        drained.append(ROWS / drain_seconds(ROWS))
    target = "≥ 20,000"
    report.add("b", "journal to store, one writer", "rows/s", drained, 1, target)
    report.add("b", "the same while they are written", "rows/s", sustained, 1, target)


def several_writers(report: Report, rounds: int) -> None:
    """(c) Rows per second of several processes together, alternating with one."""
    for writers, (rates, ratios) in rates_of_writers((1, 4, 16, 32), rounds).items():
        report.add("c", f"{writers} writers, together", "rows/s", rates, 1)
        if writers > 1:
            report.add("c", f"{writers} writers, ratio to one", "", ratios, 1, "≥ 1")
    report.add("c", "rows lost or duplicated", "rows", [lost_or_duplicated()], 1, "0")


def visible(report: Report, rounds: int) -> None:
    """(d) Seconds from the end of an epoch until another connection sees its row."""
    from .training import delays, fit

    fit(captured=True, epochs=2)
    target = "median ≤ 1000"
    report.add("d", "epoch's end to row seen elsewhere", "ms", delays(10 * rounds), 1e3, target)


def memory(report: Report, _: int) -> None:
    """(e) Growth of a separate process over a million messages."""
    command = [sys.executable, "-m", "benchmarks.memory", str(MILLION)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    most, after = map(float, printed.split())
    report.add("e", "memory, most while writing a million", "MB", [most], 1, "≤ 50")
    report.add("e", "memory, after all are stored", "MB", [after], 1, "≤ 50")


def exit_flush(report: Report, _: int) -> None:
    """(f) Seconds of a flush right after a training."""
    from .training import fit

    fit(captured=True, epochs=2)
    flush(60)
    found = []
    for _ in range(FITS):
        fit(captured=True, epochs=5)
        began = time.perf_counter()
        assert flush(5.0)  # noqa: S101  # a flush that failed must not be measured
        found.append(time.perf_counter() - began)
    report.add("f", "flush at the end of a training", "s", found, 1, "≤ 0.3")


def one_task(number: int) -> None:
    """Record a task as a script does."""
    task = Task(number, "appends", "run", "step")
    task.add_dataset(DataSet("out", [Element([number])]))
    task.save()


def drain_seconds(rows: int) -> float:
    """Seconds in which a separate exporter drains a journal of so many rows."""
    from dfanalyzer_client.delivery.exporter import Exporter
    from dfanalyzer_client.store import open_store

    journal = Journal(settings.home() / "elsewhere")
    message = {
        "kind": "task",
        "dataflow": "writer",
        "exec": "drain",
        "transformation": "step",
        "id": "1",
        "status": "RUNNING",
    }
    for number in range(rows):
        sets = [{"tag": "out", "attributes": ["n"], "elements": [[number]]}]
        last = journal.append({**message, "sets": sets})
    home = settings.home()
    exporter = Exporter(journal.path, journal.id, lambda: open_store(None, home))
    began = time.perf_counter()
    exporter.flush(last, None)
    seconds = time.perf_counter() - began
    exporter.stop()
    journal.close()
    return seconds


def seconds_of(work: Callable[[int], object], count: int, pause: float = 0.0) -> list[float]:
    """Seconds of every call, with pauses in between."""
    found = []
    for number in range(count):
        began = time.perf_counter()
        work(number)
        found.append(time.perf_counter() - began)
        if pause:
            time.sleep(pause)
    return found


MEASURES = {
    "a": appends,
    "b": one_writer,
    "c": several_writers,
    "d": visible,
    "e": memory,
    "f": exit_flush,
}

if __name__ == "__main__":
    main()
