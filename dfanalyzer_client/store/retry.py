"""The one place where a transaction is retried after a conflict with another writer."""

from __future__ import annotations

from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay

from ..errors import ConflictError
from ..support.jitter import JitteredWait

__all__ = ["retrying_conflicts"]

MAX_RETRY_SECONDS = 60.0
REPORT_SECONDS = 2.0


def retrying_conflicts(
    seconds: float = MAX_RETRY_SECONDS, report: Callable[[], object] | None = None
) -> Retrying:
    """Attempts with jittered back-off; after `seconds`, the last conflict is raised.

    `report` is called once, if it takes longer than conflicts between writers usually do.
    """
    reports = [] if report is None else [report]

    def before_sleep(state: RetryCallState) -> None:
        if reports and (state.seconds_since_start or 0.0) > REPORT_SECONDS:
            reports.pop()()

    return Retrying(
        retry=retry_if_exception_type(ConflictError),
        wait=JitteredWait(multiplier=0.005, max=0.5),
        stop=stop_after_delay(seconds),
        before_sleep=before_sleep,
        reraise=True,
    )
