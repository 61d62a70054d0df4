"""`python -m benchmarks.memory MESSAGES`: growth of a process in MB, at most and in the end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dfanalyzer_client import flush

from .rows import stream_of

WARM = 1000
POLL_MESSAGES = 10_000


def main() -> None:
    """Write so many messages, and print both numbers."""
    stream = stream_of("memory")
    for number in range(WARM):
        stream.send([number])
    flush(None)
    before, most = resident_mb(), 0.0
    for number in range(int(sys.argv[1])):
        stream.send([number])
        if number % POLL_MESSAGES == 0:
            most = max(most, resident_mb() - before)
    flush(None)
    print(most, resident_mb() - before)


def resident_mb() -> float:
    """Resident memory (proc(5)), in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
