"""Requests to trainings as `keras-prov show` and `keras-prov steer --list` print them."""

from __future__ import annotations

from typing import Any

from ...executions.steering import SteeringRow
from ...steering import change_in_words, in_words

__all__ = ["COLUMNS", "steering_rows"]

COLUMNS = ["number", "asked (UTC)", "by", "what", "reason", "state", "epoch", "detail"]


def steering_rows(rows: list[SteeringRow]) -> list[tuple[Any, ...]]:
    """Requests as people read them, with the values of `COLUMNS`."""
    return [
        (
            row.number,
            f"{row.asked:%Y-%m-%d %H:%M:%S}",
            row.person or "",
            in_words(row),
            row.reason or "",
            row.state,
            "" if row.epoch is None else row.epoch,
            change_in_words(row),
        )
        for row in rows
    ]
