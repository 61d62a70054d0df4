"""What was asked of an execution while it trained: who asked, why, and what it led to."""

from __future__ import annotations

import json
from typing import Any

from prov.constants import PROV
from prov.identifier import QualifiedName

from ...executions.record import ExecutionRecord
from ...executions.steered_tasks import TRAINING, answering_tasks
from ...executions.steering import SteeringRow
from ...support.clock import aware_utc
from ._agents import Agents
from ._options import Options
from ._statements import Statements

__all__ = ["state_requests"]


def state_requests(
    statements: Statements, record: ExecutionRecord, options: Options, agents: Agents
) -> None:
    """State each request as an activity of a person; what it led to is informed by it.

    It has no times: they are by the clock of who asked, which the training's may contradict.
    """
    answering = answering_tasks(record)
    for request in record.requests:
        asked = _state(statements, record, request)
        person = _person(statements, request, options, agents)
        if person is not None:
            statements.associated(asked, person)
        task = answering.get(request.request)
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
            "asked": aware_utc(request.asked),
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
    name = statements.names.local("person", request.person)
    return statements.agent(name, request.person, [PROV["Person"]], {"name": request.person})
