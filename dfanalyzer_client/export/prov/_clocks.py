"""Times that contradict one another are not stated: clocks of several machines may disagree.

PROV orders events, and says nothing of clocks; but a document whose times contradict its order of
events was not recorded well.
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime

from ...executions.record import ExecutionRecord, TaskRecord

__all__ = ["drop_contradictory_times"]


def drop_contradictory_times(record: ExecutionRecord) -> ExecutionRecord:
    """The record, in which no task ends before it began, or before what it depends on began.

    The end of such a task is left out. What it depends on may depend on others in turn.
    """
    earliest = _earliest(record.tasks)
    for task in record.tasks:
        bounds = [task.began, *(earliest[each.id] for each in task.depends_on)]
        bound = max(filter(None, bounds), default=None)
        if task.ended is not None and bound is not None and task.ended < bound:
            task.ended = None
    return record


def _earliest(tasks: list[TaskRecord]) -> dict[int, datetime | None]:
    """Of each task, when it can have written at the earliest: after all that it depends on began.

    Tasks may depend on one another in a circle, where those that they name come later.
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
