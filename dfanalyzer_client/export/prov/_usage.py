"""Which task read and wrote which rows, and when: from what tasks depend on. No PROV here.

A task that depends on another reads what that one wrote in the sets that it declares as inputs, as
far as it was written when the reader ended. Of a series, such as the epochs of a training, it reads
the newest row: the state that it found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ...executions.record import ExecutionRecord, RowRecord, SetRecord, TaskRecord
from ...keras_schema import SETS
from ...keras_schema import names as tags
from ._statements import as_moment

__all__ = ["SERIES", "Event", "Reads", "event_time", "reads_of"]

SERIES = frozenset(each.name for each in SETS.values() if each.series)
"""Sets that grow while their task runs."""

UNDECLARED = {tags.SAVING.lower(): frozenset({tags.TRAINING_OUTPUT.lower()})}
"""What tasks read beside their declared inputs: who saves a model finds it as an epoch left it."""

TIMES = {each.name: each.time.lower() for each in SETS.values() if each.time}
"""The attribute that says when a row came to be (or was read, where nobody wrote it)."""


@dataclass(frozen=True)
class Event:
    """A row of a set, and when it was written, or read where nobody wrote it."""

    of: SetRecord
    row: RowRecord
    time: datetime | None


Reads = dict[int, dict[str, list[Event]]]
"""What tasks read, by the task's id and the set's tag."""


def event_time(of: SetRecord, row: RowRecord) -> datetime | None:
    """When a row was written or read; None where that is not known, or cannot be.

    A time outside its task is left out: PROV has usage and generation within the activity.
    """
    column = TIMES.get(of.tag)
    columns = of.columns
    time = as_moment(row.values[columns.index(column)]) if column in columns else None
    task = row.task
    if row.writer and time is None and task.began == task.ended:
        return task.ended
    if time is None or not _is_within(time, task):
        return None
    return time


def reads_of(record: ExecutionRecord) -> Reads:
    """What each task of the execution read, set by set, each row once."""
    found: dict[int, dict[str, dict[int, Event]]] = defaultdict(lambda: defaultdict(dict))
    written: dict[tuple[str, int], list[Event]] = defaultdict(list)
    for each in record.sets:
        for row in each.rows:
            event = Event(each, row, event_time(each, row))
            for reader in row.readers:
                if row.writer is None or _can_read(reader, event):
                    found[reader.id][each.tag][row.number] = event
            if row.writer is not None:
                written[each.tag, row.writer.id].append(event)
    for task in record.tasks:
        for each in record.sets:
            declared = task.transformation in each.layout.consumers
            if declared or each.tag in UNDECLARED.get(task.transformation, ()):
                for event in _by_dependency(task, each, written):
                    found[task.id][each.tag][event.row.number] = event
    return {
        task: {tag: list(events.values()) for tag, events in sets.items()}
        for task, sets in found.items()
    }


def _by_dependency(
    task: TaskRecord, of: SetRecord, written: dict[tuple[str, int], list[Event]]
) -> Iterator[Event]:
    for previous in task.depends_on:
        events = written.get((of.tag, previous.id), [])
        if of.tag in SERIES:
            yield from _newest(events, task.ended)
        else:
            yield from (event for event in events if _can_read(task, event))


def _newest(events: list[Event], at: datetime | None) -> Iterable[Event]:
    """The last of a series that was there at a time; they stand in the order of their times."""
    if at is None or not events or events[-1].time is None:
        return events[-1:]
    number = bisect_right(events, at, key=lambda event: event.time or at)
    return events[number - 1 : number] if number else []


def _can_read(task: TaskRecord, event: Event) -> bool:
    """Whether a row was there before the task ended."""
    writer = event.row.writer
    there = event.time or (writer.began if writer is not None else None)
    return there is None or task.ended is None or there <= task.ended


def _is_within(time: datetime, task: TaskRecord) -> bool:
    early = task.began is not None and time < task.began
    return not early and (task.ended is None or time <= task.ended)
