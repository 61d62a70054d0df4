"""What is to be done again, and when: pure functions of what was recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from dfanalyzer_client.analysis.by_epoch.course import Course
from dfanalyzer_client.keras_schema import names as tags

from .._recording.events import REPLAY, STEERING

__all__ = ["RATE", "Change", "Plan", "Stop", "plan_of"]

RATE = "learning_rate"

NOT_OF_ONE_FIT = frozenset({"compile", "trainable"})
"""What is done between two calls of `fit`; a callback cannot do it."""

BY_THE_OPTIMIZER = frozenset({"EMA overwrite", "SwapEMAWeights"})
"""What the same optimizer and callbacks do again."""


@dataclass(frozen=True)
class Change:
    """A change that is made again.

    Attributes:
        epoch: the first epoch that it holds for.
        batch: the batch of that epoch after which it holds; None from its beginning.
        optimizer: name of the one that is changed; None for the only one.
        attribute: what is changed: ``learning_rate``, ``momentum``, ``EarlyStopping.patience``.
        old: the value before.
        new: the value after.
        cause: of the change that was recorded.
    """

    epoch: int
    batch: int | None
    optimizer: str | None
    attribute: str
    old: Any
    new: Any
    cause: str


@dataclass(frozen=True)
class Stop:
    """That somebody has stopped the training.

    Attributes:
        epoch: the last one that it trained.
        steps: how many batches it trained in all; None if that is unknown.
        detail: who stopped it, and why.
    """

    epoch: int
    steps: int | None
    detail: str | None


@dataclass(frozen=True)
class Plan:
    """What one training is to do again.

    Attributes:
        execution: the tag of the execution that is replayed.
        changes: in the order in which they are made.
        stop: when it ends; None: when it has trained all epochs.
        left_out: what is not done again, and why.
    """

    execution: str
    changes: Sequence[Change] = ()
    stop: Stop | None = None
    left_out: Sequence[str] = field(default_factory=list)

    @property
    def has_batches(self) -> bool:
        """Whether something is done within an epoch."""
        in_epochs = any(change.batch is not None for change in self.changes)
        return in_epochs or (self.stop is not None and self.stop.steps is not None)


def plan_of(execution: str, course: Course) -> Plan:
    """The plan of one training of an execution."""
    changes, left_out = list[Change](), list[str]()
    for row in course.changes:
        reason = _not_replayable(row)
        if reason is not None:
            left_out.append(reason)
        elif _changes_something(row):
            changes.append(_change(row))
    changes.sort(key=lambda change: (change.epoch, -1 if change.batch is None else change.batch))
    return Plan(execution, changes, _stop(course.outcome), left_out)


def _not_replayable(row: Mapping[str, Any]) -> str | None:
    cause, epoch = _of(row, tags.CAUSE), _of(row, tags.EPOCH_ID)
    what = f"{cause} at epoch {epoch:g}" if epoch is not None else str(cause)
    if epoch is None:
        return f"{what}: no epoch is recorded"
    if cause in NOT_OF_ONE_FIT:
        return f"{what}: that is done between two calls of fit()"
    if cause in BY_THE_OPTIMIZER:
        return f"{what}: that is done by the optimizer or callback, which the model has to have"
    if isinstance(getattr(keras.optimizers.schedules, str(cause), None), type):
        return f"{what}: that is done by the optimizer's schedule, which the model has to have"
    if _attribute(row) == RATE and _of(row, tags.NEW_RATE) is None:
        return f"{what}: the rate is not known"
    return None


def _attribute(row: Mapping[str, Any]) -> str:
    return str(_of(row, tags.ADAPTED_ATTRIBUTE) or RATE)


def _changes_something(row: Mapping[str, Any]) -> bool:
    return _attribute(row) != RATE or _of(row, tags.OLD_RATE) != _of(row, tags.NEW_RATE)


def _change(row: Mapping[str, Any]) -> Change:
    attribute, batch = _attribute(row), _of(row, tags.ADAPTED_BATCH)
    old, new = _of(row, tags.OLD_RATE), _of(row, tags.NEW_RATE)
    if attribute != RATE:
        old, new = (
            json.loads(_of(row, name) or "null") for name in (tags.OLD_VALUE, tags.NEW_VALUE)
        )
    return Change(
        int(_of(row, tags.EPOCH_ID)),
        None if batch is None else int(batch),
        _of(row, tags.ADAPTED_OPTIMIZER),
        attribute,
        old,
        new,
        str(_of(row, tags.CAUSE)),
    )


def _stop(outcome: Mapping[str, Any]) -> Stop | None:
    """The stop of a training that somebody has stopped from outside."""
    first, done = _of(outcome, tags.START_EPOCH), _of(outcome, tags.EPOCHS_DONE)
    if _of(outcome, tags.STOP_REASON) not in (STEERING, REPLAY) or first is None or not done:
        return None
    steps = _of(outcome, tags.STEPS)
    return Stop(
        int(first) + int(done) - 1,
        None if steps is None else int(steps),
        _of(outcome, tags.STOP_DETAIL),
    )


def _of(row: Mapping[str, Any], name: str) -> Any:
    """A value by the name of its column, which earlier versions may lack."""
    return row.get(name.lower())
