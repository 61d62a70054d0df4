"""What is new of an execution while it trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...analysis import RunSummary
from ...analysis.by_epoch.adaptation_reading import adaptations_of
from ...analysis.finding import summary_with
from ...analysis.run_parts import later_epochs
from ...executions.training_numbers import training_numbers
from ...keras_schema import names as tags
from ...store import Connection
from ...store.comparison.values import NO_METRICS
from ...store.reading import Catalogue
from ...support.durations import duration
from ..curve_data import described, seconds_of, spread
from ..database import Database
from ..events import Event, json_event
from ..run_table import epochs_asked, seconds_left
from ..steering import pending_changes

__all__ = ["facts_of", "new_epochs"]

EPOCH, ENDED = tags.EPOCH_ID.lower(), tags.EPOCH_ENDED.lower()


def new_epochs(database: Database, name: str, after: tuple[int, int]) -> Callable[[], list[Event]]:
    """Reads what was stored since its last call.

    The event ``curves`` has the new points as `curve_data` does, and all adaptations; ``facts`` has
    the status, epochs and times.

    Args:
        database: where it is.
        name: of the execution.
        after: the number of the last training that the page shows, and its last epoch.
    """
    seen, numbers = dict[str, int](), dict[int, int]()
    last_facts: dict[str, Any] = {}

    def ask() -> list[Event]:
        nonlocal last_facts
        with database.reading() as connection, connection.snapshot():
            with connection.transaction():
                run = summary_with(connection, name)
                rows = later_epochs(connection, run.dataflow, run.id, seen)
                if not numbers.keys() >= {task for task, _ in rows}:
                    numbers.update(training_numbers(connection, Catalogue(connection), [run.id]))
            found = _later(rows, numbers, after, run)
            events = []
            if found["series"]:
                found |= _adaptations(connection, run)
                events.append(json_event("curves", found))
        facts = facts_of(run)
        if facts != last_facts:
            last_facts = facts
            events.append(json_event("facts", facts))
        return events

    return ask


def facts_of(run: RunSummary) -> dict[str, Any]:
    """What is said at the top of the page, as texts."""
    asked = epochs_asked(run)
    left = seconds_left(run)
    return {
        "status": run.status,
        "epochs": f"{run.epochs} of {asked}" if asked else str(run.epochs),
        "took": duration(run.seconds),
        "left": f"about {duration(left)} left" if left is not None else "",
    }


def _later(
    rows: list[tuple[int, dict[str, Any]]],
    numbers: dict[int, int],
    after: tuple[int, int],
    run: RunSummary,
) -> dict[str, Any]:
    """New rows of epochs as charts take them."""
    series: dict[tuple[int, str], dict[str, Any]] = {}
    times: dict[int, dict[str, Any]] = {}
    for task, row in rows:
        training = numbers.get(task, 1)
        epoch = int(row.get(EPOCH, row.get("epoch")) or 0)
        if (training, epoch) <= after:
            continue
        time = times.setdefault(training, {"run": 0, "training": training, "seconds": {}})
        time["seconds"][epoch] = seconds_of(row.get(ENDED), run)
        for name, value in row.items():
            if name not in NO_METRICS and isinstance(value, float):
                one = series.setdefault(
                    (training, name),
                    {"run": 0, "training": training, "metric": name, "epochs": [], "values": []},
                )
                one["epochs"].append(epoch)
                one["values"].append(value)
    return {
        "runs": described([run]),
        "series": list(series.values()),
        "times": list(times.values()),
        "adaptations": [],
    }


def _adaptations(connection: Connection, run: RunSummary) -> dict[str, Any]:
    """What was adapted, and what waits; and how many adaptations there are."""
    with connection.transaction():
        rows = adaptations_of(connection, [run]).to_dicts()
        pending = pending_changes(connection, run)
    changes = [{**row, "run": 0} for row in spread(rows)]
    return {"adaptations": [*changes, *pending], "changes": len(rows)}
