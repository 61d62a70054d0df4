"""What was asked of executions while they trained, and what came of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ..store.connection import Connection
from ..store.rights.permissions import may_select
from ..store.schema import PUBLIC, table

__all__ = [
    "NOT_ANSWERED",
    "WAITING",
    "Offer",
    "SteeringRow",
    "WaitingRequest",
    "may_read_steering",
    "offer_of",
    "requests_so_far",
    "steering_of",
    "waiting_requests",
]

VIEW, OFFERS = "steering", "steering_offer"

WAITING = "waiting"
NOT_ANSWERED = "not answered"
"""The state of a request that waits although the execution has ended."""

ASKED_AT_ONCE = 100
"""So many executions are named by one statement."""


class Offer(NamedTuple):
    """What a training lets be asked of it: the actions, when it began to (UTC), and where it runs.

    Without actions, it takes no requests any more.
    """

    actions: list[str]
    began: datetime
    host: str | None


class SteeringRow(NamedTuple):
    """A request and what came of it; values are JSON, times are in UTC, epochs count from 0."""

    number: int
    request: str
    action: str
    target: str | None
    value: str | None
    at_epoch: int | None
    condition: str | None
    person: str | None
    reason: str | None
    asked: datetime
    state: str
    epoch: int | None
    batch: int | None
    old_value: str | None
    new_value: str | None
    detail: str | None
    decided: datetime | None


class WaitingRequest(NamedTuple):
    """A request that has no outcome yet, as the training's process reads it."""

    dataflow: str
    execution: str
    df_exec: int
    id: str
    action: str
    target: str | None
    value: str | None
    at_epoch: int | None
    condition: str | None
    reason: str | None
    person: str | None


def requests_so_far(connection: Connection) -> tuple[int, int]:
    """Two numbers that are other ones whenever something was asked since; this costs nothing."""
    ((count, last),) = connection.query(
        f'SELECT count(*), max("number") FROM {table("steering_request")}'
    )
    return int(count), int(last or 0)


def waiting_requests(
    connection: Connection, executions: Sequence[tuple[str, str]]
) -> list[WaitingRequest]:
    """The requests without an outcome to some executions, in the order in which they arrived.

    Args:
        connection: to a catalogue of this version.
        executions: tags of their dataflows, and their own.
    """
    found: list[WaitingRequest] = []
    for first in range(0, len(executions), ASKED_AT_ONCE):
        some = executions[first : first + ASKED_AT_ONCE]
        among = " OR ".join(["(d.tag = %s AND e.tag = %s)"] * len(some))
        rows = connection.query(
            'SELECT d.tag, e.tag, r.df_exec, r.id, r."action", r."target", r."value", r.at_epoch, '
            f'r."condition", r.reason, r.person FROM {table("steering_request")} AS r '
            f"JOIN {table('dataflow_execution')} AS e ON e.id = r.df_exec "
            f"JOIN {table('dataflow')} AS d ON d.id = e.df_id "
            f"LEFT JOIN {table('steering_outcome')} AS o "
            f"ON o.request_id = r.id AND o.df_exec = r.df_exec "
            f'WHERE o.request_id IS NULL AND ({among}) ORDER BY r."number", r.id',
            list(itertools.chain.from_iterable(some)),
        )
        found += map(WaitingRequest._make, rows)
    return found


def offer_of(connection: Connection, execution: int) -> Offer | None:
    """What the execution with this id lets be asked of it; None if it never said.

    So it is in a catalogue of an earlier version, and for an account that may not read it.
    """
    if not may_select(connection, PUBLIC, OFFERS):
        return None
    rows = connection.query(
        f'SELECT actions, began, "host" FROM {table(OFFERS)} WHERE df_exec = %s '
        "ORDER BY began DESC LIMIT 1",
        [execution],
    )
    if not rows:
        return None
    ((actions, began, host),) = rows
    return Offer([each for each in actions.split(", ") if each], began, host)


def may_read_steering(connection: Connection) -> bool | None:
    """Whether this account may read what was asked; None in a catalogue of an earlier version."""
    return may_select(connection, PUBLIC, VIEW)


def steering_of(
    connection: Connection, execution: int, *, is_over: bool = False
) -> list[SteeringRow]:
    """What was asked of the execution with this id, in the order in which it arrived.

    Nothing is, in a catalogue of an earlier version; see also `may_read_steering`.

    Args:
        connection: to the database.
        execution: its id.
        is_over: whether it has ended; then what still waits is ``not answered``.
    """
    if not may_read_steering(connection):
        return []
    rows = connection.query(
        'SELECT "number", request, "action", "target", "value", at_epoch, "condition", person, '
        'reason, asked, "state", "epoch", "batch", old_value, new_value, "detail", decided '
        f'FROM {table(VIEW)} WHERE df_exec = %s ORDER BY "number", request',
        [execution],
    )
    found = map(SteeringRow._make, rows)
    if not is_over:
        return list(found)
    return [each._replace(state=NOT_ANSWERED) if each.state == WAITING else each for each in found]
