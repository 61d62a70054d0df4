"""The rows of steering: what trainings let be asked of them, what was asked, what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...declarations.messages import (
    SteeringOfferMessage,
    SteeringOutcomeMessage,
    SteeringRequestMessage,
)
from ...declarations.steering import SteeringAction, SteeringState
from ...errors import RefusedError
from ..connection import Connection
from ..schema import table
from .catalogue_rows import CatalogueRows

__all__ = [
    "TABLES_OF_REQUESTS",
    "number_requests",
    "prepare_offer",
    "prepare_outcome",
    "prepare_request",
]

TABLES_OF_REQUESTS = ("steering_request", "journal_mark")
"""The tables to which a request, and the mark that it is stored, add rows."""


def prepare_offer(message: SteeringOfferMessage, execution: int) -> CatalogueRows:
    """The row that says what may be asked of an execution, whose id is given; raises RefusedError.

    Like the others below, it checks what anybody may have written into a journal.
    """
    actions = message["actions"]
    if not isinstance(actions, list):
        raise RefusedError(f"The actions of an offer are a list. Received: {actions!r:.100}.")
    known = [SteeringAction(_one_of(SteeringAction, "action", each)).value for each in actions]
    row = {
        "df_exec": execution,
        "actions": ", ".join(known),
        "began": message["offered"],
        "host": _text(message, "host"),
    }
    return {"steering_offer": [row]}


def prepare_request(message: SteeringRequestMessage, execution: int) -> CatalogueRows:
    """The row of a request, which `number_requests` numbers; raises RefusedError."""
    row = {
        "number": None,
        "id": _text(message, "request"),
        "df_exec": execution,
        "action": _one_of(SteeringAction, "action", message["action"]),
        "target": _text(message, "target"),
        "value": _json(message, "value"),
        "at_epoch": _number(message, "atEpoch"),
        "condition": _text(message, "condition"),
        "reason": _text(message, "reason"),
        "person": _text(message, "person"),
        "asked": message["asked"],
    }
    return {"steering_request": [row]}


def prepare_outcome(message: SteeringOutcomeMessage, execution: int) -> CatalogueRows:
    """The row of an outcome; raises RefusedError."""
    row = {
        "request_id": _text(message, "request"),
        "df_exec": execution,
        "state": _one_of(SteeringState, "state", message["state"]),
        "epoch": _number(message, "epoch"),
        "batch": _number(message, "batch"),
        "old_value": _json(message, "oldValue"),
        "new_value": _json(message, "newValue"),
        "detail": _text(message, "detail"),
        "decided": message["decided"],
    }
    return {"steering_outcome": [row]}


def number_requests(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Number the rows of requests in the order of their arrival, within the caller's transaction.

    There is no sequence, because MonetDB lets nobody use one who may not create tables beside it.
    So two requests that arrive in the same moment may get the same number; then their ids decide.
    """
    if not rows:
        return
    ((last,),) = connection.query(f'SELECT max("number") FROM {table("steering_request")}')
    for number, row in enumerate(rows, (last or 0) + 1):
        row["number"] = number


def _one_of(known: type[SteeringAction | SteeringState], what: str, value: object) -> str:
    names = [each.value for each in known]
    if value not in names:
        raise RefusedError(
            f"The {what} of a message of steering is one of {', '.join(names)}. Received: "
            f"{value!r:.100}, which a newer keras-prov may know."
        )
    return str(value)


def _text(message: Mapping[str, Any], key: str) -> str | None:
    value = message.get(key)
    if not isinstance(value, str | None):
        raise RefusedError(f"{key!r} of a message of steering is a text. Received: {value!r:.100}.")
    return value


def _json(message: Mapping[str, Any], key: str) -> str | None:
    text = _text(message, key)
    try:
        if text is not None:
            json.loads(text)
    except ValueError:
        raise RefusedError(
            f"{key!r} of a message of steering is JSON. Received: {text!r:.100}."
        ) from None
    return text


def _number(message: Mapping[str, Any], key: str) -> int | None:
    value = message.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise RefusedError(
            f"{key!r} of a message of steering is a number from 0. Received: {value!r:.100}."
        )
    return value
