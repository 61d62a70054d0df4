"""What the recorder says of its own: time stamps."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from dfanalyzer_client.support.clock import utc_now

EPOCH = datetime(1970, 1, 1)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1970, 1, 1),
        datetime(2024, 2, 29, 23, 59, 59, 999_999),
        datetime(2024, 3, 1),
        datetime(2026, 12, 31, 9, 5, 7, 1),
        datetime(2038, 1, 19, 3, 14, 8, 120_000),
    ],
)
def test_a_time_stamp_is_the_moment_in_utc(
    moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `datetime` writes it, to the microsecond, whatever the time zone of the machine."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    microseconds = (moment - EPOCH) // timedelta(microseconds=1)
    monkeypatch.setattr(time, "time_ns", lambda: microseconds * 1000 + 999)
    assert utc_now() == moment.isoformat(" ", "microseconds")
    monkeypatch.undo()
    time.tzset()


def test_a_time_stamp_is_now() -> None:
    """By the clock that `datetime` reads."""
    before = datetime.now(UTC).replace(tzinfo=None)
    stamp = datetime.fromisoformat(utc_now())
    assert before <= stamp <= datetime.now(UTC).replace(tzinfo=None)
