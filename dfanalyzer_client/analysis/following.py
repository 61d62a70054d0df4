"""Follow a run while it trains."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import DefinitionError
from ..executions.summaries import executions
from ..executions.training_numbers import training_numbers
from ..store import Connection
from ..store.comparison.values import NO_METRICS
from ..store.reading import Catalogue
from .epoch import Epoch
from .finding import Named, summary_with
from .run_parts import later_epochs

__all__ = ["follow_with"]

RUNNING = ("READY", "RUNNING")

STORE_SECONDS = 10.0
"""So often, what killed processes left behind is stored."""


def follow_with(
    connection: Connection,
    name: Named = "last",
    *,
    interval: float = 1.0,
    store_leftovers: Callable[[], object] | None = None,
) -> Iterator[Epoch]:
    """`follow` over an open connection.

    Args:
        connection: to the database.
        name: of the run.
        interval: seconds between two looks.
        store_leftovers: stores what killed processes left behind; without it, the run of a process
            that is killed meanwhile does not end.
    """
    if not interval > 0:
        raise DefinitionError(f"An interval must be above 0 seconds. Received: {interval}.")
    with connection.transaction():
        run = summary_with(connection, name)
    seen, numbers, pause = dict[str, int](), dict[int, int](), threading.Event()
    for look in itertools.count(1):
        if store_leftovers and look % math.ceil(STORE_SECONDS / interval) == 0:
            store_leftovers()
        with connection.transaction():  # a new one each time, which sees what was stored since
            (now,) = executions(connection, ids=[run.id])
            rows = later_epochs(connection, run.dataflow, run.id, seen)
            if not numbers.keys() >= {task for task, _ in rows}:
                numbers |= training_numbers(connection, Catalogue(connection), [run.id])
        for task, row in rows:
            yield _epoch(numbers.get(task, 1), row)
        if now.ended is not None or now.status not in RUNNING:
            return
        pause.wait(interval)


def _epoch(training: int, row: dict[str, Any]) -> Epoch:
    ended, seconds = row.pop("otrain_timestamp", None), row.pop("elapsed_time", None)
    epoch = row.pop("epoch_id", row.pop("epoch", None))
    metrics = {
        name: value for name, value in row.items() if name not in NO_METRICS and value is not None
    }
    return Epoch(training, int(epoch or 0), metrics, ended, seconds)
