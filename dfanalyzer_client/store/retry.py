"""The one place where a transaction that another writer overtook is tried again."""

from __future__ import annotations

from tenacity import Retrying, retry_if_exception_type, stop_after_delay

from ..errors import ConflictError
from ..jitter import JitteredWait

__all__ = ["retrying_conflicts"]

GIVE_UP_SECONDS = 60.0


def retrying_conflicts() -> Retrying:
    """Attempts with jittered back-off; the last conflict is raised after a minute of them."""
    return Retrying(
        retry=retry_if_exception_type(ConflictError),
        wait=JitteredWait(multiplier=0.005, max=0.5),
        stop=stop_after_delay(GIVE_UP_SECONDS),
        reraise=True,
    )
