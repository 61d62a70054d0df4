"""What came of a request, as a message."""

from __future__ import annotations

from typing import NamedTuple

from dfanalyzer_client.declarations.messages.steering import SteeringOutcomeMessage
from dfanalyzer_client.declarations.steering import SteeringInbox, SteeringRequest, SteeringState
from dfanalyzer_client.masking import captured_text
from dfanalyzer_client.support.clock import utc_now

from .moment import Moment
from .refusal import Refusal

__all__ = ["Done", "outcome_message"]


class Done(NamedTuple):
    """A request that was done.

    Attributes:
        state: that it was applied.
        old: what the value was, as JSON.
        new: what it is now, as JSON.
        detail: what else is to be said.
    """

    state: SteeringState = SteeringState.APPLIED
    old: str | None = None
    new: str | None = None
    detail: str | None = None


def outcome_message(
    inbox: SteeringInbox, request: SteeringRequest, moment: Moment, outcome: Done | Refusal
) -> SteeringOutcomeMessage:
    """The message of the outcome of a request."""
    done = (
        outcome if isinstance(outcome, Done) else Done(SteeringState.REFUSED, detail=str(outcome))
    )
    message: SteeringOutcomeMessage = {
        "dataflow": inbox.dataflow,
        "exec": inbox.execution,
        "request": request.id,
        "state": str(done.state),
        "decided": utc_now(),
    }
    if moment.epoch is not None:
        message["epoch"] = moment.epoch
    if moment.batch is not None:
        message["batch"] = moment.batch
    if done.old is not None and done.new is not None:
        message["oldValue"], message["newValue"] = done.old, done.new
    if done.detail is not None:
        message["detail"] = captured_text(done.detail)
    return message
