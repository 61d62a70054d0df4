"""Ask something of a training that runs."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..annotations import HasExecution, check_may_add, named_execution, who
from ..config.store_url import StoreURL
from ..declarations.messages import SteeringRequestMessage
from ..delivery.client import Client
from ..delivery.clients import client_for
from ..errors import RefusedError, StoreUnavailableError
from ..support.clock import utc_now
from ._requests import Asked, asked_for

if TYPE_CHECKING:
    from ..analysis import Table
    from ..executions.steering import SteeringRow

__all__ = ["Sent", "answers", "send", "steer", "steer_with"]

STORE_SECONDS = 30.0
"""How long the database may take to store a request."""

POLL_SECONDS = 0.1
"""So often the database is asked for an outcome."""


def steer(
    run: str | int | HasExecution,
    *,
    set: Mapping[str, Any] | None = None,
    stop: bool = False,
    stop_now: bool = False,
    pause: bool = False,
    resume: bool = False,
    checkpoint: bool | str | os.PathLike[str] = False,
    at_epoch: int | None = None,
    when: str | None = None,
    reason: str | None = None,
    person: str | None = None,
    wait: float | None = None,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> Table:
    """Ask something of a training that runs, and whose script lets it be steered.

    Each thing that is asked for is a request of its own. They are recorded with who asks and why,
    and with what comes of them. Requests of several people are taken in the order in which the
    database got them.

    Args:
        run: the execution: its id, its tag or the beginning of that, ``last``, or what `run`
            returned.
        set: values by name: of attributes of the optimizer, as ``learning_rate``, or of a callback,
            as ``EarlyStopping.patience``.
        stop: whether to stop after the epoch, as EarlyStopping does.
        stop_now: whether to stop after the batch.
        pause: whether to pause after the batch.
        resume: whether to go on after a pause.
        checkpoint: whether to save the model, or the file to save it to.
        at_epoch: the first epoch that it is to hold for, counted from 0; None: at once.
        when: a condition over the metrics of the epochs that is to be fulfilled first, once, as
            ``val_loss > 2 * min(val_loss)``.
        reason: why.
        person: who asks; None: the author that is set, or else the account.
        wait: how many seconds to wait for the outcomes; None: not at all.
        store: which database; by default that of KERAS_PROV_STORE, or else the private one.
        home: the data folder.

    Returns:
        The requests, with their outcomes as far as they are known: a row for each.

    Raises:
        UnknownTagError: no execution matches `run`, or several do, or no epoch has a metric that
            `when` names.
        SteeringError: the execution has ended, or does not take part in what is asked for.
        DefinitionError: nothing is asked for, or a name or a value cannot be.
        SelectionError: `when` is no condition.
        TypeError: an argument is of another type.
        StoreLoginError: this account may not steer.
        StoreError: the database does not answer, and nothing was asked. If it stops answering
            in between, the error says that the request waits in the journal.
    """
    asked = asked_for(
        set=set,
        stop=stop,
        stop_now=stop_now,
        pause=pause,
        resume=resume,
        checkpoint=checkpoint,
        at_epoch=at_epoch,
        when=when,
        reason=reason,
        person=person,
    )
    if wait is not None and (isinstance(wait, bool) or not isinstance(wait, (int, float))):
        raise TypeError(f"wait must be a number of seconds, or None. Received: {wait!r:.100}.")
    return steer_with(
        client_for(store, None if home is None else Path(home)), run, asked, wait or 0.0
    )


def steer_with(
    client: Client, run: str | int | HasExecution, asked: Asked, wait: float = 0.0
) -> Table:
    """`steer` with a client, for what `asked_for` has checked."""
    from ..analysis.run_parts import steering_as_table

    return steering_as_table(answers(client, send(client, run, asked), wait))


class Sent:
    """Requests that the database has: the id of their execution, and their own."""

    def __init__(self, df_exec: int, ids: list[str]) -> None:
        self.df_exec, self.ids = df_exec, ids


def send(client: Client, run: str | int | HasExecution, asked: Asked) -> Sent:
    """Send requests, until the database has them; for errors see `steer`."""
    from ..executions.summaries import find_execution
    from ..store import reader_connection
    from ..store.writing.steering import TABLES_OF_REQUESTS
    from ._training import check_can_be_asked

    client.flush()  # what this process has captured may be meant
    execution = named_execution(run, client.store, client.home)
    with reader_connection(client.store, client.home) as connection:
        summary = find_execution(connection, execution.execution)
        check_can_be_asked(connection, summary, asked)
    check_may_add(client.store, TABLES_OF_REQUESTS, "steer trainings")
    ids = [
        _send(client, summary.dataflow, summary.tag, asked, place)
        for place in range(len(asked.actions))
    ]
    if not client.flush(STORE_SECONDS):
        raise StoreUnavailableError(
            "The database does not store the request now: it waits in the journal, and will be "
            "sent as soon as the database answers. `keras-prov journal` lists it; the training "
            "takes it then if it still runs."
        )
    return Sent(summary.id, ids)


def answers(client: Client, sent: Sent, wait: float) -> list[SteeringRow]:
    """The requests as the database has them, once all have an outcome, or after `wait` seconds.

    Raises:
        RefusedError: the database has refused one, or does not let this account read them.
        StoreError: it does not answer any more; the training takes the requests all the same.
    """
    from ..executions.steering import WAITING, may_read_steering, steering_of
    from ..store import reader_connection

    deadline = time.monotonic() + wait
    with reader_connection(client.store, client.home) as connection:
        while True:
            with connection.transaction():
                rows = steering_of(connection, sent.df_exec)
            found = [row for row in rows if row.request in sent.ids]
            if not rows and may_read_steering(connection) is False:
                raise RefusedError(
                    "The request is sent, but this account may not read what comes of it: whoever "
                    'administers the database can GRANT SELECT ON "public".steering.'
                )
            if len({row.request for row in found}) < len(sent.ids):
                raise RefusedError(
                    "The database has refused the request: `keras-prov journal` says why."
                )
            if all(row.state != WAITING for row in found) or time.monotonic() >= deadline:
                return found
            time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _send(client: Client, dataflow: str, execution: str, asked: Asked, place: int) -> str:
    """Send one of the requests; returns its id."""
    action, target, value = asked.actions[place]
    message: SteeringRequestMessage = {
        "dataflow": dataflow,
        "exec": execution,
        "request": uuid.uuid4().hex,
        "action": action.value,
        "person": asked.person or who(),
        "asked": utc_now(),
    }
    if target is not None:
        message["target"] = target
    if value is not None:
        message["value"] = value
    if asked.at_epoch is not None:
        message["atEpoch"] = asked.at_epoch
    if asked.when is not None:
        message["condition"] = asked.when
    if asked.reason is not None:
        message["reason"] = asked.reason
    client.save_steering_request(message)
    return message["request"]
