"""Processes that write rows: `python -m benchmarks.forked_writers COUNT ROWS RATE KILLED`.

They are forks of one process, so that five hundred fit on a small machine. Each has its own
journal, exporter and execution. Of every KILLED-th, half of the rows are written before it kills
itself; 0: of none.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
    flush,
)

__all__ = ["SET", "TAG", "is_killed"]

TAG, SET = "cluster", "out"
STORE_SECONDS = 600.0


def main() -> None:
    """Fork the writers, print when all write, and wait for their ends; exit with 1 if one fails."""
    count, rows, rate, killed = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    _import_all()
    children = {}
    for number in range(count):
        child = os.fork()
        if child == 0:
            _write_and_exit(number, rows, rate, dies=is_killed(number, int(killed)))
        children[child] = number
    print("writing", flush=True)
    failed = 0
    while children:
        child, status = os.wait()
        number = children.pop(child)
        expected = -signal.SIGKILL if is_killed(number, int(killed)) else 0
        failed += os.waitstatus_to_exitcode(status) != expected
    sys.exit(min(failed, 1))


def is_killed(number: int, every: int) -> bool:
    """Whether a writer kills itself."""
    return every > 0 and number % every == every - 1


def _import_all() -> None:
    """Import once what each fork would import."""
    import dfanalyzer_client.delivery.exporter
    import dfanalyzer_client.delivery.recovery
    import dfanalyzer_client.store.relayed
    import dfanalyzer_client.store.writer  # noqa: F401


def _write_and_exit(number: int, rows: int, rate: float, *, dies: bool) -> None:
    attributes = [Attribute(name, AttributeType.NUMERIC) for name in ("writer", "n")]
    flow = Dataflow(TAG, [Transformation("step", [Set(SET, SetType.OUTPUT, attributes)])])
    began = time.monotonic() + (number % 100) / 100 / (rate or 1e9)
    with flow.task("step") as task:
        for row in range(rows):
            if dies and row == rows // 2:
                os.kill(os.getpid(), signal.SIGKILL)
            if rate:
                time.sleep(max(0.0, began + row / rate - time.monotonic()))
            task.generated(writer=number, n=row)
    os._exit(0 if flush(STORE_SECONDS) else 1)


if __name__ == "__main__":
    main()
