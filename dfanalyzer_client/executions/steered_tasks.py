"""Which task a request to a training led to."""

from __future__ import annotations

from collections.abc import Iterator

from ..declarations.steering import SteeringState
from ..keras_schema import Role
from ..keras_schema import names as tags
from ..support.clock import aware_utc
from .record import ExecutionRecord, TaskRecord
from .steering import SteeringRow

__all__ = ["TRAINING", "answering_tasks"]

TRAINING = tags.TRAINING.lower()


def answering_tasks(record: ExecutionRecord) -> dict[str, TaskRecord]:
    """The task that each applied request led to, by the request's id.

    That is the adaptation that was made for it, or else the training that has answered.
    """
    changed = dict(_adapting(record))
    found = {
        each.request: changed.get(each.request) or _training(record, each)
        for each in record.requests
        if each.state == SteeringState.APPLIED
    }
    return {request: task for request, task in found.items() if task is not None}


def _adapting(record: ExecutionRecord) -> Iterator[tuple[str, TaskRecord]]:
    """The tasks that wrote a change, by the request that it was made for."""
    column = tags.REQUEST.lower()
    for content in record.sets:
        if content.layout.role != Role.ADAPTATIONS or column not in content.columns:
            continue
        place = content.columns.index(column)
        for row in content.rows:
            if row.writer is not None and row.values[place]:
                yield row.values[place], row.writer


def _training(record: ExecutionRecord, request: SteeringRow) -> TaskRecord | None:
    """The training that answered: the last that had begun when the outcome was decided."""
    decided = aware_utc(request.decided)
    begun = [
        task
        for task in record.tasks
        if task.transformation.lower() == TRAINING
        and (decided is None or (aware_utc(task.began) or decided) <= decided)
    ]
    return begun[-1] if begun else None
