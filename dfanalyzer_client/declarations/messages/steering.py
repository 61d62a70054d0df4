"""What the messages of steering hold: what may be asked of a training, what was, what came."""

# No `from __future__ import annotations`: as texts, they would hide which keys are required.

from typing import NotRequired, TypedDict

__all__ = ["SteeringOfferMessage", "SteeringOutcomeMessage", "SteeringRequestMessage"]


class SteeringOfferMessage(TypedDict):
    """What a training lets be asked of it; ours. The newest one of an execution counts.

    Attributes:
        dataflow: tag of the execution's dataflow.
        exec: tag of the execution.
        actions: the `SteeringAction` that it takes part in; none: it takes no requests any more.
        offered: when.
        host: the machine that it runs on.
    """

    dataflow: str
    exec: str
    actions: list[str]
    offered: str
    host: NotRequired[str]


class SteeringRequestMessage(TypedDict):
    """What somebody asks of a running training; ours.

    Attributes:
        dataflow: tag of the execution's dataflow.
        exec: tag of the execution.
        request: the request's id, which nothing else has.
        action: a `SteeringAction`.
        person: who asks.
        asked: when, by the clock of who asks.
        target: what is to be set, as ``learning_rate`` or ``EarlyStopping.patience``; of a
            checkpoint the file to write.
        value: what it is to be set to, as JSON.
        atEpoch: the first epoch that it is to hold for, counted from 0; else it holds at once.
        condition: it holds once the training's rows fulfil this.
        reason: why it is asked for.
    """

    dataflow: str
    exec: str
    request: str
    action: str
    person: str
    asked: str
    target: NotRequired[str]
    value: NotRequired[str]
    atEpoch: NotRequired[int]
    condition: NotRequired[str]
    reason: NotRequired[str]


class SteeringOutcomeMessage(TypedDict):
    """What came of a request; ours.

    Attributes:
        dataflow: tag of the execution's dataflow.
        exec: tag of the execution.
        request: the request's id.
        state: a `SteeringState`.
        decided: when.
        epoch: the epoch in which it was decided, counted from 0.
        batch: after which batch of that epoch, counted from 0; left out at an epoch's end.
        oldValue: what the value was, as JSON.
        newValue: what it is now, as JSON.
        detail: why it was refused, or what fulfilled its condition, or the file that was written.
    """

    dataflow: str
    exec: str
    request: str
    state: str
    decided: str
    epoch: NotRequired[int]
    batch: NotRequired[int]
    oldValue: NotRequired[str]
    newValue: NotRequired[str]
    detail: NotRequired[str]
