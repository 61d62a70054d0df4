"""Leave out times that contradict each other, because the clocks of machines may differ.

PROV only orders events; but a document whose times contradict that order would be invalid.
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime

from ...executions.record import ExecutionRecord, TaskRecord

__all__ = ["drop_contradictory_times"]


def drop_contradictory_times(record: ExecutionRecord) -> ExecutionRecord:
    """The record without the ends of tasks that end before they or their dependencies began.

    Dependencies of dependencies count, too.
    """
    earliest = _earliest(record.tasks)
    for task in record.tasks:
        bounds = [task.began, *(earliest[previous.id] for previous in task.depends_on)]
        bound = max(filter(None, bounds), default=None)
        if task.ended is not None and bound is not None and task.ended < bound:
            task.ended = None
    return record


def _earliest(tasks: list[TaskRecord]) -> dict[int, datetime | None]:
    """The earliest time at which each task can have written: after its dependencies began.

    Tasks may depend on each other in a circle, because a task may name one that comes later.
    """
    found = {task.id: task.began for task in tasks}
    following: dict[int, list[TaskRecord]] = defaultdict(list)
    for task in tasks:
        for previous in task.depends_on:
            following[previous.id].append(task)
    queue = deque(tasks)
    while queue:
        task = queue.popleft()
        bound = found[task.id]
        for later in following[task.id] if bound is not None else ():
            known = found[later.id]
            if bound is not None and (known is None or known < bound):
                found[later.id] = bound
                queue.append(later)
    return found
