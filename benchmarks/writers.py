"""Processes that write rows concurrently: `python -m benchmarks.writers FIRST COUNT` is one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from dfanalyzer_client import flush
from dfanalyzer_client.config import settings
from dfanalyzer_client.store import reader_connection

from .paired import alternating
from .rows import stream_of

__all__ = ["lost_or_duplicated", "rates_of_writers"]

TAG = "writers"
TOTAL = 64_000
ALL_ROWS = 'SELECT n FROM "writers"."out"'

_written = 0


def rates_of_writers(
    counts: Sequence[int], rounds: int
) -> dict[int, tuple[list[float], list[float]]]:
    """By number of writers: rows per second, and their ratios to those of the first number.

    The order alternates between rounds, so that all numbers see the same machine.
    """
    run(1, 1000)  # starts the server and creates the schema
    rates: dict[int, list[float]] = defaultdict(list)
    for _, count in alternating(counts, rounds):
        rates[count].append(TOTAL / run(count, TOTAL // count))
    one = rates[counts[0]]
    return {
        count: (rates[count], [r / o for r, o in zip(rates[count], one, strict=True)])
        for count in counts
    }


def lost_or_duplicated() -> int:
    """How many of the rows that were written are not stored exactly once."""
    connection = reader_connection(None, settings.home())
    found = Counter(int(number) for (number,) in connection.query(ALL_ROWS))
    connection.close()
    wrong = [number for number in range(_written) if found[number] != 1]
    return len(wrong) + len(found.keys() - range(_written))


def run(writers: int, rows: int) -> float:
    """Seconds from the start signal until all writers have stored all their rows."""
    global _written
    command = [sys.executable, "-m", "benchmarks.writers"]
    processes = [
        subprocess.Popen(
            [*command, str(_written + number * rows), str(rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(writers)
    ]
    _written += writers * rows
    for process in processes:
        _expect(process, "ready")
    began = time.perf_counter()
    for process in processes:
        assert process.stdin is not None  # noqa: S101  # for the type checker
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _expect(process, "True")
    seconds = time.perf_counter() - began
    for process in processes:
        process.communicate()
    return seconds


def _expect(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None  # noqa: S101  # for the type checker
    line = process.stdout.readline().strip()
    if line != word:
        raise RuntimeError(f"A writer printed {line!r} instead of {word!r}.")


def main() -> None:
    """Write rows after the start signal, and print whether they were stored."""
    first, count = int(sys.argv[1]), int(sys.argv[2])
    stream = stream_of(TAG)
    flush(120)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(first, first + count):
        stream.send([number])
    print(flush(600), flush=True)


if __name__ == "__main__":
    main()
