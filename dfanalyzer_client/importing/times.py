"""Times of other tools, which count seconds since 1970, as ours."""

from __future__ import annotations

from datetime import UTC, datetime

from ..support.clock import timestamp

__all__ = ["stamp"]


def stamp(seconds: float | None) -> str | None:
    """A time as messages have it; None if it is unknown, or none that a calendar has."""
    if seconds is None:
        return None
    try:
        return timestamp(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError, ValueError):
        return None
