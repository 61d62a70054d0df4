"""What pages show of steering: requests, what came of them, and whether more can be asked."""

from __future__ import annotations

from typing import Any

from ..analysis import RunSummary, Table
from ..executions.steering import WAITING, SteeringRow, offer_of, steering_of
from ..steering import ALIVE, HOW, change_in_words, in_words
from ..store import Connection

__all__ = ["offered", "pending_changes", "requests_of", "why_not"]

COLUMNS = ("asked (UTC)", "by", "what", "reason", "state", "epoch", "what came of it")


def requests_of(connection: Connection, run: RunSummary) -> Table:
    """The requests to an execution, in words, a row for each."""
    found = steering_of(connection, run.id, is_over=run.ended is not None)
    return Table(COLUMNS, [_row(each) for each in found])


def offered(connection: Connection, run: RunSummary) -> list[str]:
    """What can be asked of an execution now: names of actions; empty if nothing can be."""
    if run.status not in ALIVE:
        return []
    offer = offer_of(connection, run.id)
    return [] if offer is None else offer.actions


def why_not(run: RunSummary) -> str:
    """Why nothing can be asked of an execution that offers nothing."""
    if run.status not in ALIVE:
        return f"Nothing can be asked of it any more: it is {run.status}."
    return f"It takes no requests. {HOW}"


def pending_changes(connection: Connection, run: RunSummary) -> list[dict[str, Any]]:
    """Requests that wait, as charts mark them: at their epoch, or at the newest one."""
    if run.status not in ALIVE:
        return []
    return [
        {
            "run": 0,
            "epoch": run.epochs if each.at_epoch is None else each.at_epoch,
            "pending": in_words(each),
            "person": each.person,
            "reason": each.reason,
        }
        for each in steering_of(connection, run.id)
        if each.state == WAITING
    ]


def _row(row: SteeringRow) -> tuple[Any, ...]:
    return (
        f"{row.asked:%Y-%m-%d %H:%M:%S}",
        row.person,
        in_words(row),
        row.reason,
        row.state,
        row.epoch,
        change_in_words(row) or None,
    )
