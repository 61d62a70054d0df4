"""Look for requests to the trainings of this process, from the exporter's thread.

While no training can be steered, nothing happens here. Else the database is asked every
`STEERING_SECONDS` how many requests there are; when there are others than before, one query for
all trainings reads those that wait.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from ..declarations.steering import SteeringAction, SteeringInbox, SteeringRequest
from ..errors import DfAnalyzerError
from ..support.forks import fork_lock
from .batches import Store

if TYPE_CHECKING:
    from ..executions.steering import WaitingRequest
    from ..policies import Policy

__all__ = ["STEERING_SECONDS", "SteeringWatch"]

logger = logging.getLogger(__name__)

STEERING_SECONDS = 0.25
"""So often is the database asked."""

MAX_SECONDS = 4.0
"""So often, while it does not answer: each look then waits twice as long as the one before."""


class SteeringWatch:
    """The trainings that can be steered, and the policies that wait for their epochs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inboxes: tuple[SteeringInbox, ...] = ()
        self._policies: dict[str, Policy] = {}
        self._seen: dict[str, int] = {}
        self._unreadable: set[str] = set()
        self._looked: object = None
        self._next, self._pause = 0.0, STEERING_SECONDS

    @property
    def is_on(self) -> bool:
        """Whether a training is watched."""
        return bool(self._inboxes)

    @property
    def seconds_left(self) -> float:
        """Seconds until the next look; infinite if no training is watched."""
        return max(0.0, self._next - time.monotonic()) if self._inboxes else math.inf

    def add(self, inbox: SteeringInbox) -> None:
        """Watch the training of an inbox, beginning at once."""
        with self._lock:
            self._inboxes = (*(each for each in self._inboxes if each is not inbox), inbox)
            self._next = 0.0

    def remove(self, inbox: SteeringInbox) -> None:
        """Watch it no longer."""
        with self._lock:
            self._inboxes = tuple(each for each in self._inboxes if each is not inbox)

    def look(self, store: Store, stored: int) -> None:
        """Look for requests if it is time to, and put what is new into the inboxes.

        Args:
            store: where to look.
            stored: a number that is another one once messages were stored; only then can policies
                be fulfilled that were not before.
        """
        if not self._inboxes or time.monotonic() < self._next:
            return
        try:
            self._look(store, stored)
            self._pause = STEERING_SECONDS
        except DfAnalyzerError as error:
            self._looked = None  # the database may be another one afterwards
            self._pause = min(2 * self._pause, MAX_SECONDS)
            logger.info("Requests to trainings are looked for again later: %s", error)
        except Exception:
            self._pause = MAX_SECONDS
            logger.exception("Looking for requests to trainings failed because of a bug.")
        self._next = time.monotonic() + self._pause

    def _look(self, store: Store, stored: int) -> None:
        with fork_lock():
            from ..executions.steering import requests_so_far, waiting_requests  # not above:
            # trainings import this module, and do not wait for the driver

        inboxes = self._inboxes
        looked = store.read(requests_so_far), inboxes, stored if self._policies else None
        if looked == self._looked:
            return
        names = sorted({(inbox.dataflow, inbox.execution) for inbox in inboxes})
        found = store.read(lambda connection: waiting_requests(connection, names))
        fulfilled = self._fulfilled(store, stored, found)
        for inbox in inboxes:
            name, known = (inbox.dataflow, inbox.execution), inbox.known()
            own = [
                self._request(each, fulfilled.get(each.id))
                for each in found
                if (each.dataflow, each.execution) == name
                and each.id not in known
                and self._is_readable(each)
            ]
            is_due = [each.condition is None or each.fulfilled_by is not None for each in own]
            inbox.expect(each for each, due in zip(own, is_due, strict=True) if not due)
            inbox.put(each for each, due in zip(own, is_due, strict=True) if due)
        self._forget({each.id for each in found})
        self._looked = looked if bool(self._policies) == (looked[2] is not None) else None

    def _fulfilled(self, store: Store, stored: int, found: list[WaitingRequest]) -> dict[str, str]:
        """What fulfilled the conditions of requests, by the request's id."""
        conditional = [each for each in found if each.condition is not None]
        if not conditional:
            return {}
        with fork_lock():
            from ..policies import Policy  # not above: it parses SQL, which takes long to import

        fulfilled: dict[str, str] = {}
        for each in conditional:
            policy = self._policies.get(each.id)
            if policy is None:
                policy = self._policies[each.id] = Policy(each.condition or "", each.df_exec)
            if policy.fulfilled_by is None and self._seen.get(each.id) != stored:
                store.read(policy.look)
                self._seen[each.id] = stored
            if policy.fulfilled_by is not None:
                fulfilled[each.id] = policy.fulfilled_by
        return fulfilled

    def _is_readable(self, request: WaitingRequest) -> bool:
        """Whether a request is one; others, which somebody wrote with SQL, are said once."""
        try:
            self._request(request, None)
        except ValueError as error:
            if request.id not in self._unreadable:
                self._unreadable.add(request.id)
                logger.warning("The request %s cannot be read: %s", request.id, error)
            return False
        return True

    @staticmethod
    def _request(found: WaitingRequest, fulfilled_by: str | None) -> SteeringRequest:
        """A row as a request; raises ValueError if it is none."""
        value: Any = None if found.value is None else json.loads(found.value)
        return SteeringRequest(
            found.id,
            SteeringAction(found.action),
            found.person or "",
            found.target,
            value,
            found.at_epoch,
            found.condition,
            fulfilled_by,
            found.reason,
        )

    def _forget(self, waiting: set[str]) -> None:
        """Forget the policies of requests that wait no longer."""
        for each in self._policies.keys() - waiting:
            del self._policies[each], self._seen[each]
