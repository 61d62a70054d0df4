"""Times as clients say them, in UTC.

DfAnalyzer's clients say their local time in whole seconds and no zone; others say seconds since
1970. Where no zone is said, it is that of the service's machine, or the one that it was told of.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

__all__ = ["Clock", "parsed_time", "stored_time", "utc_period"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 1e11
"""Java's clients count milliseconds; as seconds this is the year 5138."""

LARGEST = 1e13
SECONDS = re.compile(r"-?\d{9,}(\.\d*)?")
"""A number in a text; one of fewer digits is a date as ISO 8601 has it without hyphens."""


class Clock:
    """This machine's time, which never goes back: what the service dates itself."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Now, and at least what it said last."""
        with self._lock:
            self._last = max(self._last, datetime.now(UTC))
            return self._last


def parsed_time(value: Any) -> datetime | None:
    """A time that a message says, of no zone where it names none; raises ValueError."""
    if value in (None, "", "null"):
        return None
    if isinstance(value, str) and not SECONDS.fullmatch(value.strip()):
        moment = datetime.fromisoformat(value.strip())
        return moment if moment.tzinfo is None else _checked(moment, UTC)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("A time is a text as ISO 8601 has it, or seconds since 1970.")
    number = float(value)
    if not abs(number) < LARGEST:
        raise ValueError(f"No time of seconds or milliseconds since 1970: {value!r:.80}")
    seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
    return EPOCH + timedelta(seconds=seconds)


def utc_period(
    start: datetime | None, end: datetime | None, zone: tzinfo | None
) -> tuple[datetime | None, datetime | None]:
    """Begin and end of one period in UTC.

    Of an hour that a clock shows twice, when summer ends, the end is in the second where it would
    else come before the begin.

    Args:
        start: when it began; of `zone` where it has none of its own.
        end: when it ended, likewise.
        zone: None is this machine's.

    Raises:
        ValueError: in UTC it is of no year from 1 to 9999.
    """
    began = None if start is None else _checked(start, zone)
    ended = None if end is None else _checked(end, zone)
    if end is not None and began is not None and ended is not None and ended < began:
        ended = _checked(end.replace(fold=1), zone)
    return began, ended


def stored_time(moment: datetime) -> str:
    """A time as MonetDB's TIMESTAMP reads it, in UTC."""
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    return plain.isoformat(" ", "microseconds" if plain.microsecond else "seconds")


def _checked(moment: datetime, zone: tzinfo | None) -> datetime:
    try:
        placed = moment.replace(tzinfo=zone) if moment.tzinfo is None and zone else moment
        return placed.astimezone(UTC)
    except (OverflowError, ValueError, OSError):
        raise ValueError(f"In UTC it is of no year from 1 to 9999: {moment.isoformat()}") from None
