"""Ask something of a running training: a form, what it comes to, and the request."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from ...analysis import Run, run_with
from ...annotations import who
from ...declarations.steering import SteeringAction
from ...delivery.clients import client_for
from ...errors import DfAnalyzerError
from ...steering import Asked, answers, asked_for, outcome_in_words, send, value_of_text
from ...store import Connection
from ..pages import page
from ..reading import Reading
from ..steering import offered, requests_of, why_not

__all__ = ["router"]

router = APIRouter()

WAIT_SECONDS = 5.0
"""How long an answer waits until the training has answered."""

Text = Annotated[str, Form()]

NOTHING = dict.fromkeys(("target", "value", "at_epoch", "condition", "reason"), "")


@router.get("/steering")
def form(request: Request, connection: Reading, run: str, action: str = "set") -> Response:
    """The form, in a dialog."""
    found = run_with(connection, run)
    return _form(request, connection, found, {**NOTHING, "action": action, "person": who()})


@router.post("/steering")
def ask(
    request: Request,
    connection: Reading,
    run: Text,
    action: Text,
    target: Text = "",
    value: Text = "",
    at_epoch: Text = "",
    condition: Text = "",
    person: Text = "",
    reason: Text = "",
    confirmed: Text = "",
) -> Response:
    """Say what is going to be asked; once that is confirmed, ask it and say what came of it."""
    found = run_with(connection, run)
    given = {
        "action": action,
        "target": target.strip(),
        "value": value.strip(),
        "at_epoch": at_epoch.strip(),
        "condition": condition.strip(),
        "person": person.strip(),
        "reason": reason.strip(),
    }
    try:
        asked = _asked(given)
        if not confirmed:
            return page(request, "parts/steering_confirm.html", run=found, given=given)
        connection.rollback()
        database = request.app.state.database
        client = client_for(database.store, database.home)
        rows = answers(client, send(client, found.execution, asked), WAIT_SECONDS)
    except (DfAnalyzerError, ValueError) as error:
        return _form(request, connection, found, given, str(error))
    connection.rollback()
    return page(
        request,
        "parts/steering_asked.html",
        run=found,
        outcomes=[(row.state, outcome_in_words(row)) for row in rows],
        requests=requests_of(connection, run_with(connection, found.execution).summary),
    )


def _form(
    request: Request, connection: Connection, run: Run, given: dict[str, Any], problem: str = ""
) -> Response:
    return page(
        request,
        "parts/steering.html",
        run=run,
        given=given,
        actions=offered(connection, run.summary),
        why_not=why_not(run.summary),
        problem=problem,
    )


def _asked(given: dict[str, str]) -> Asked:
    """What the form asks for; raises ValueError or DfAnalyzerError for what cannot be."""
    for name in ("person", "reason"):
        if not given[name]:
            raise ValueError(f"Please fill in the {name}: it is recorded with the request.")
    action, epoch = given["action"], given["at_epoch"]
    if epoch and not epoch.isdecimal():
        raise ValueError(f"An epoch is a number, counted from 0. Received: {epoch!r:.100}.")
    if action == SteeringAction.SET and not (given["target"] and given["value"]):
        raise ValueError("Please say what is to be set, and to what.")
    what: dict[str, Any] = {action.replace("-", "_"): True}
    if action == SteeringAction.SET:
        what = {"set": {given["target"]: value_of_text(given["value"])}}
    elif action == SteeringAction.CHECKPOINT:
        what = {"checkpoint": given["target"] or True}
    elif action not in list(SteeringAction):
        raise ValueError(f"Nothing is called {action!r:.100}.")
    return asked_for(
        **what,
        at_epoch=int(epoch) if epoch else None,
        when=given["condition"] or None,
        person=given["person"],
        reason=given["reason"],
    )
