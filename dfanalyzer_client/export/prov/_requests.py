"""What was asked of an execution while it trained: who asked, why, and what it led to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prov.constants import PROV
from prov.identifier import QualifiedName

from ...declarations.steering import SteeringState
from ...executions.record import ExecutionRecord, TaskRecord
from ...executions.steering import SteeringRow
from ...keras_schema import Role
from ...keras_schema import names as tags
from ._agents import Agents
from ._options import Options
from ._statements import Statements

__all__ = ["state_requests"]

TRAINING = tags.TRAINING.lower()


def state_requests(
    statements: Statements, record: ExecutionRecord, options: Options, agents: Agents
) -> None:
    """State each request as an activity of a person; what it led to is informed by it.

    It has no times: they are by the clock of who asked, which the training's may contradict.
    """
    changed = dict(_adapting(record))
    for request in record.requests:
        asked = _state(statements, record, request)
        person = _person(statements, request, options, agents)
        if person is not None:
            statements.associated(asked, person)
        if request.state != SteeringState.APPLIED:
            continue
        task = changed.get(request.request) or _training(record, request)
        if task is None:
            continue
        activity = statements.names.task(task)
        statements.informed(activity, asked)
        if person is not None and task.transformation != TRAINING:
            statements.associated(activity, person)


def _state(statements: Statements, record: ExecutionRecord, request: SteeringRow) -> QualifiedName:
    names = statements.names
    what = " ".join(filter(None, (request.action, request.target)))
    return statements.activity(
        names.run(record.tag, "request", request.number),
        f"request {request.number}: {what}",
        [names.term("SteeringRequest")],
        (None, None),
        {
            "action": request.action,
            "target": request.target,
            "value": _plain(request.value),
            "atEpoch": request.at_epoch,
            "condition": request.condition,
            "reason": request.reason,
            "asked": _in_utc(request.asked),
            "status": request.state,
            "epoch": request.epoch,
            "batch": request.batch,
            "oldValue": _plain(request.old_value),
            "newValue": _plain(request.new_value),
            "detail": request.detail,
        },
    )


def _plain(value: str | None) -> Any:
    """A value that is stored as JSON; what is no number stays a text."""
    if value is None:
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, bool | int | float | str) else value


def _person(
    statements: Statements, request: SteeringRow, options: Options, agents: Agents
) -> QualifiedName | None:
    """Who asked: the author of the document, if it is that name, else a person by this name."""
    if not request.person:
        return None
    if options.author is not None and options.author.label == request.person:
        return agents.person
    name = statements.names.agent("person", request.person)
    return statements.agent(name, request.person, [PROV["Person"]], {"name": request.person})


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
    decided = _in_utc(request.decided)
    begun = [
        task
        for task in record.tasks
        if task.transformation.lower() == TRAINING
        and (decided is None or (_in_utc(task.began) or decided) <= decided)
    ]
    return begun[-1] if begun else None


def _in_utc(moment: datetime | None) -> datetime | None:
    """A moment of the database, which is in UTC whether it says so or not."""
    return None if moment is None else moment.replace(tzinfo=UTC)
