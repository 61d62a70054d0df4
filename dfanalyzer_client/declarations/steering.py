"""Requests to a running training, as its process sees them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["SteeringAction", "SteeringInbox", "SteeringRequest", "SteeringState"]


class SteeringAction(StrEnum):
    """What can be asked of a training."""

    SET = "set"
    STOP = "stop"
    STOP_NOW = "stop-now"
    PAUSE = "pause"
    RESUME = "resume"
    CHECKPOINT = "checkpoint"


class SteeringState(StrEnum):
    """What came of a request. Without an outcome, it is waiting."""

    APPLIED = "applied"
    REFUSED = "refused"


@dataclass(frozen=True)
class SteeringRequest:
    """One thing that somebody asks of a training.

    Attributes:
        id: names it.
        action: what is asked for.
        person: who asks.
        target: what is to be set, or the file to write.
        value: what it is to be set to.
        at_epoch: the first epoch that it is to hold for, counted from 0; None: at once.
        condition: what the training's rows are to fulfil first; None: nothing.
        fulfilled_by: what fulfilled the condition, in words; None while nothing has, or if there is
            none.
        reason: why.
    """

    id: str
    action: SteeringAction
    person: str
    target: str | None = None
    value: Any = None
    at_epoch: int | None = None
    condition: str | None = None
    fulfilled_by: str | None = None
    reason: str | None = None


class SteeringInbox:
    """The requests that have come for one execution: the exporter's thread puts, Keras' takes.

    Attributes:
        dataflow: tag of the execution's dataflow.
        execution: tag of the execution.
        has_news: whether there is something to take: the one flag that a training reads.
    """

    def __init__(self, dataflow: str, execution: str) -> None:
        self.dataflow, self.execution = dataflow, execution
        self.has_news = False
        self._new: list[SteeringRequest] = []
        self._expected: dict[str, SteeringRequest] = {}
        self._seen: set[str] = set()
        self._changed = threading.Condition()

    def put(self, requests: Iterable[SteeringRequest]) -> None:
        """Add requests in the order in which they were asked for; known ones are left out."""
        with self._changed:
            fresh = [request for request in requests if request.id not in self._seen]
            self._seen.update(request.id for request in fresh)
            self._new += fresh
            self.has_news = bool(self._new)
            self._changed.notify_all()

    def expect(self, requests: Iterable[SteeringRequest]) -> None:
        """Say which requests wait for a condition; `put` brings them once it is fulfilled."""
        with self._changed:
            self._expected = {each.id: each for each in requests if each.id not in self._seen}

    def take(self) -> list[SteeringRequest]:
        """Take what has come."""
        with self._changed:
            taken, self._new = self._new, []
            self.has_news = False
            return taken

    def close(self) -> list[SteeringRequest]:
        """Take what has come, and what still waits for a condition; that is put no more."""
        with self._changed:
            expected = [each for each in self._expected.values() if each.id not in self._seen]
            self._seen.update(self._expected)
            self._expected = {}
        return [*self.take(), *expected]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until something has come; returns whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self.has_news, timeout)

    def known(self) -> frozenset[str]:
        """The ids of all requests that were put."""
        with self._changed:
            return frozenset(self._seen)
