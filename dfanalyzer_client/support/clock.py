"""The time in UTC, as MonetDB's TIMESTAMP has it: without a time zone."""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime

__all__ = ["aware_utc", "naive_utc", "timestamp", "utc_now"]

MINUTE = 60_000_000
"""In microseconds."""


def utc_now() -> str:
    """The current time in UTC, as `timestamp` writes it.

    It is called at every epoch, when caches are cold and each call takes microseconds: so only what
    changes within a minute is formatted.
    """
    minute, microseconds = divmod(time.time_ns() // 1000, MINUTE)
    digits = f"{microseconds:08}"
    return f"{_minute(minute)}{digits[:2]}.{digits[2:]}"


def timestamp(moment: datetime) -> str:
    """A time in UTC as SQL's TIMESTAMP reads it: ``YYYY-MM-DD HH:MM:SS.ffffff``."""
    return naive_utc(moment).isoformat(" ", "microseconds")


def naive_utc(moment: datetime) -> datetime:
    """A time in UTC, without its time zone; one that has none is UTC already."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment


def aware_utc(moment: datetime | None) -> datetime | None:
    """A time of MonetDB's, which is in UTC without saying so, with its time zone."""
    return None if moment is None else moment.replace(tzinfo=UTC)


@functools.lru_cache(maxsize=2)
def _minute(minute: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:", time.gmtime(minute * 60))
