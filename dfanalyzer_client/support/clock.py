"""The time in UTC, as MonetDB's TIMESTAMP has it: without a time zone."""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime

__all__ = ["aware_utc", "naive_utc", "timestamp", "utc_now"]

SECONDS_PER_DAY = 86_400


def utc_now() -> str:
    """The current time in UTC, as `timestamp` writes it.

    `time.strftime` takes tens of microseconds between two epochs, when caches are cold, so it is
    called once a day.
    """
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{_day(days)} {hour:02}:{minute:02}:{second:02}.{nanoseconds // 1000:06}"


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
def _day(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(days * SECONDS_PER_DAY))
