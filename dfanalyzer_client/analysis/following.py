"""Follow a run while it trains."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from ..errors import DefinitionError
from ..store import Connection
from ..store.comparison.values import NO_METRICS
from .epoch import Epoch
from .finding import Named, run_with, summaries_with
from .one_run import Run

__all__ = ["follow_with"]

RUNNING = ("READY", "RUNNING")


def follow_with(
    connection: Connection, name: Named = "last", *, interval: float = 1.0
) -> Iterator[Epoch]:
    """`follow` over an open connection."""
    if not interval > 0:
        raise DefinitionError(f"An interval must be above 0 seconds. Received: {interval}.")
    with connection.transaction():
        run = run_with(connection, name)
    known, pause = 0, threading.Event()
    while True:
        with connection.transaction():  # a new one each time, which sees what was stored since
            (summary,) = summaries_with(connection, run.id)
            epochs = _epochs(run_with(connection, summary))
        yield from epochs[known:]
        known = len(epochs)
        if summary.ended is not None or summary.status not in RUNNING:
            return
        pause.wait(interval)


def _epochs(run: Run) -> list[Epoch]:
    numbers: dict[Any, int] = {}
    found = []
    for row in run.metrics.to_dicts():
        number = numbers.setdefault(row.pop("task_id"), len(numbers) + 1)
        ended, seconds = row.pop("otrain_timestamp", None), row.pop("elapsed_time", None)
        epoch = row.pop("epoch_id", row.pop("epoch", None))
        metrics = {name: value for name, value in row.items() if name not in NO_METRICS}
        found.append(Epoch(number, int(epoch or 0), metrics, ended, seconds))
    return found
