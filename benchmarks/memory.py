"""`python -m benchmarks.memory MESSAGES`: how much a process grows, at most and in the end, MB."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dfanalyzer_client import flush

from .rows import stream_of

WARM = 1000
LOOK = 10_000


def main() -> None:
    """Say so many messages, and print two numbers."""
    stream = stream_of("memory")
    for number in range(WARM):
        stream.send([number])
    flush(None)
    before, most = resident_mb(), 0.0
    for number in range(int(sys.argv[1])):
        stream.send([number])
        if number % LOOK == 0:
            most = max(most, resident_mb() - before)
    flush(None)
    print(most, resident_mb() - before)


def resident_mb() -> float:
    """Memory that is not swapped out (proc(5)), in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
