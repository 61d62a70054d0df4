"""Whether a training can be asked something now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import SteeringError
from ..task_status import TaskStatus
from ._requests import Asked

if TYPE_CHECKING:
    from ..executions.summaries import ExecutionSummary
    from ..store import Connection

__all__ = ["ALIVE", "HOW", "check_can_be_asked"]

ALIVE = (TaskStatus.READY.value, TaskStatus.RUNNING.value)
ENDS = {
    TaskStatus.FINISHED.value: "has ended",
    TaskStatus.FAILED.value: "has failed",
    TaskStatus.INTERRUPTED.value: "was interrupted",
    TaskStatus.ABANDONED.value: "was killed",
    TaskStatus.PRUNED.value: "was pruned by its search",
}
HOW = (
    "A training takes part where its script says so: model.provenance(..., steering=True), "
    "capture(..., steering=True), or `keras-prov run --steering`."
)


def check_can_be_asked(connection: Connection, summary: ExecutionSummary, asked: Asked) -> None:
    """Raise SteeringError if an execution does not train, or does not take such a request.

    Raises:
        UnknownTagError: the condition names a metric that its epochs do not have.
    """
    from ..executions.steering import offer_of

    _check_alive(summary)
    offer = offer_of(connection, summary.id)
    if offer is None or not offer.actions:
        raise SteeringError(f"Execution {summary.tag} does not take part in steering. {HOW}")
    _check_offered(summary.tag, offer.actions, asked)
    if asked.when is not None:
        from ..policies import check_names, parse_condition

        check_names(connection, parse_condition(asked.when), summary.id)


def _check_alive(summary: ExecutionSummary) -> None:
    if summary.status in ALIVE:
        return
    ended = "" if summary.ended is None else f" at {summary.ended:%Y-%m-%d %H:%M:%S} UTC"
    raise SteeringError(
        f"Execution {summary.tag} {ENDS.get(summary.status, 'has ended')}{ended} "
        f"({summary.status}), so nothing can be asked of it any more."
    )


def _check_offered(tag: str, offered: Sequence[str], asked: Asked) -> None:
    for action, _, _ in asked.actions:
        if action.value not in offered:
            raise SteeringError(
                f"Execution {tag} does not take {action.value!r}: its script allows "
                f"{', '.join(offered)}. {HOW}"
            )
