"""Convert the times that clients send to UTC.

DfAnalyzer's clients send their local time, in whole seconds and without a time zone; others send
seconds since 1970. A time without a zone is taken to be in the zone of the service's machine, or
in the one that the service was started with.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

__all__ = ["Clock", "parsed_time", "stored_time", "utc_period"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 1e11
"""Numbers from here on are milliseconds, as Java counts; as seconds, this is the year 5138."""

LARGEST = 1e13
SECONDS = re.compile(r"-?\d{9,}(\.\d*)?")
"""A number as text; one with fewer digits is a date of ISO 8601 without hyphens."""


class Clock:
    """This machine's time for what the service dates itself; it never goes back."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time now, but never before the last one returned."""
        with self._lock:
            self._last = max(self._last, datetime.now(UTC))
            return self._last


def parsed_time(value: Any) -> datetime | None:
    """A time in a message, without a zone if the message has none; raises ValueError."""
    if value in (None, "", "null"):
        return None
    if isinstance(value, str) and not SECONDS.fullmatch(value.strip()):
        moment = datetime.fromisoformat(value.strip())
        return moment if moment.tzinfo is None else _in_utc(moment, UTC)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("A time must be a text as in ISO 8601, or seconds since 1970.")
    number = float(value)
    if not abs(number) < LARGEST:
        raise ValueError(f"Not a time in seconds or milliseconds since 1970: {value!r:.80}")
    seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
    return EPOCH + timedelta(seconds=seconds)


def utc_period(
    start: datetime | None, end: datetime | None, zone: tzinfo | None
) -> tuple[datetime | None, datetime | None]:
    """Start and end of a period in UTC.

    When summer time ends, clocks show one hour twice. An end in that hour is taken to be in the
    second one if it would otherwise come before the start.

    Args:
        start: when it began; in `zone` if it has no time zone itself.
        end: when it ended, likewise.
        zone: a time zone; None: this machine's.

    Raises:
        ValueError: in UTC, a time is not in the years 1 to 9999.
    """
    began = None if start is None else _in_utc(start, zone)
    ended = None if end is None else _in_utc(end, zone)
    if end is not None and began is not None and ended is not None and ended < began:
        ended = _in_utc(end.replace(fold=1), zone)
    return began, ended


def stored_time(moment: datetime) -> str:
    """A time in UTC as MonetDB's TIMESTAMP reads it."""
    plain = moment.replace(tzinfo=None)
    return plain.isoformat(" ", "microseconds" if plain.microsecond else "seconds")


def _in_utc(moment: datetime, zone: tzinfo | None) -> datetime:
    try:
        placed = moment.replace(tzinfo=zone) if moment.tzinfo is None and zone else moment
        return placed.astimezone(UTC)
    except (OverflowError, ValueError, OSError):
        raise ValueError(
            f"In UTC, the time is not in the years 1 to 9999: {moment.isoformat()}"
        ) from None
