"""Infer from the dependencies of tasks which task read and wrote which rows, and when.

A task that depends on another reads what that one wrote into the sets that it declares as inputs,
if it was written before the reader ended. From a series, such as the epochs of a training, it reads
only the newest row: the state that it found. There is no PROV in this module.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ...executions.record import ExecutionRecord, RowRecord, SetRecord, TaskRecord
from ...keras_schema import SETS, Role, find_set
from ...keras_schema import names as tags
from ._statements import as_moment

__all__ = ["Event", "Reads", "event_time", "reads_of", "series_of"]

UNDECLARED = {tags.SAVING.lower(): frozenset({tags.TRAINING_OUTPUT.lower()})}
"""What tasks read besides their declared inputs: a saved model is in the state of some epoch."""

TIMES = {
    definition.name: definition.time.lower() for definition in SETS.values() if definition.time
}
"""The attribute with the time at which a row was written, or read if no task wrote it."""


@dataclass(frozen=True)
class Event:
    """A row of a set, and when it was written, or read if no task wrote it."""

    of: SetRecord
    row: RowRecord
    time: datetime | None


Reads = dict[int, dict[str, list[Event]]]
"""What tasks read, by the task's id and the set's tag."""


def series_of(of: SetRecord) -> str | None:
    """What a row is called, if the set grows while its task runs; else None."""
    if of.layout.role == Role.EPOCHS:
        return "Epoch"
    ours = find_set(of.tag)
    return ours.series if ours is not None else None


def event_time(of: SetRecord, row: RowRecord) -> datetime | None:
    """When a row was written or read; None if that is not known.

    A time outside its task is left out: in PROV, usage and generation lie within the activity.
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
    """The rows that the tasks of an execution read, by task and set, without duplicates."""
    found: dict[int, dict[str, dict[int, Event]]] = defaultdict(lambda: defaultdict(dict))
    written: dict[tuple[str, int], list[Event]] = defaultdict(list)
    for content in record.sets:
        for row in content.rows:
            event = Event(content, row, event_time(content, row))
            for reader in row.readers:
                if row.writer is None or _can_read(reader, event):
                    found[reader.id][content.tag][row.number] = event
            if row.writer is not None:
                written[content.tag, row.writer.id].append(event)
    for task in record.tasks:
        for content in record.sets:
            declared = task.transformation in content.layout.consumers
            if declared or content.tag in UNDECLARED.get(task.transformation, ()):
                for event in _by_dependency(task, content, written):
                    found[task.id][content.tag][event.row.number] = event
    return {
        task: {tag: list(events.values()) for tag, events in sets.items()}
        for task, sets in found.items()
    }


def _by_dependency(
    task: TaskRecord, of: SetRecord, written: dict[tuple[str, int], list[Event]]
) -> Iterator[Event]:
    for previous in task.depends_on:
        events = written.get((of.tag, previous.id), [])
        if series_of(of) is not None:
            yield from _newest(events, task.ended) if _is_known(events, task, previous) else ()
        else:
            yield from (event for event in events if _can_read(task, event))


def _is_known(events: list[Event], task: TaskRecord, previous: TaskRecord) -> bool:
    """Whether it is known which row of a series was the newest when a task ended."""
    is_over = task.ended is None or previous.ended is None or previous.ended <= task.ended
    return is_over or all(event.time is not None for event in events)


def _newest(events: list[Event], at: datetime | None) -> Iterable[Event]:
    """The last event of a series at a time; the events are ordered by time."""
    if at is None or not events or events[-1].time is None:
        return events[-1:]
    number = bisect_right(events, at, key=lambda event: event.time or at)
    return events[number - 1 : number] if number else []


def _can_read(task: TaskRecord, event: Event) -> bool:
    """Whether a row existed before the task ended."""
    writer = event.row.writer
    written = event.time or (writer.began if writer is not None else None)
    return written is None or task.ended is None or written <= task.ended


def _is_within(time: datetime, task: TaskRecord) -> bool:
    early = task.began is not None and time < task.began
    return not early and (task.ended is None or time <= task.ended)
