"""Requests to trainings as `keras-prov show` and `keras-prov steer --list` print them."""

from __future__ import annotations

from typing import Any

import click

from ...executions.steering import SteeringRow, may_read_steering
from ...steering import change_in_words, in_words
from ...store.connection import Connection

__all__ = ["COLUMNS", "say_if_unreadable", "steering_rows"]

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


def say_if_unreadable(connection: Connection) -> bool:
    """Say on stderr that requests are left out if this account may not read them.

    Returns:
        Whether they are. An account that got its rights one by one may lack this one.
    """
    if may_read_steering(connection) is not False:
        return False
    click.echo(
        "Requests to trainings are left out, because this account may not read them: whoever "
        'administers the database can GRANT SELECT ON "public".steering.',
        err=True,
    )
    return True
