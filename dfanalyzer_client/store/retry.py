"""The one place where a transaction that another writer overtook is tried again."""

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
    """Attempts with jittered back-off; the last conflict is raised after `seconds` of them.

    `report` is called once, when they take longer than writers are in each other's way.
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
