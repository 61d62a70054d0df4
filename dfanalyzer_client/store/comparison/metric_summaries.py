"""The lowest, highest and last value of each metric of each task, over all its epochs."""

from __future__ import annotations

from ..connection import Connection
from ..schema import table

__all__ = ["summaries_source"]


def summaries_source(connection: Connection) -> str:
    """SQL to select from, in parentheses: a row for each task and metric.

    Its columns are task_id, name, count, lowest, lowest_epoch, highest, highest_epoch, last,
    last_epoch and last_exact.

    Args:
        connection: the one that asks.
    """
    del connection
    places = ", ".join(
        f"row_number() OVER (PARTITION BY task_id, name ORDER BY {order}) AS {place}"
        for place, order in (
            ("low", "value ASC NULLS LAST, epoch"),
            ("high", "value DESC NULLS LAST, epoch"),
            ("latest", "epoch DESC NULLS LAST"),
        )
    )
    return (
        "(SELECT task_id, name, count(*) AS count, "
        "min(value) AS lowest, max(CASE WHEN low = 1 THEN epoch END) AS lowest_epoch, "
        "max(value) AS highest, max(CASE WHEN high = 1 THEN epoch END) AS highest_epoch, "
        'max(CASE WHEN latest = 1 THEN value END) AS "last", '
        "max(epoch) AS last_epoch, max(CASE WHEN latest = 1 THEN exact END) AS last_exact "
        f"FROM (SELECT task_id, name, value, exact, epoch, {places} "
        f"FROM {table('metric_value')} AS m) AS p GROUP BY task_id, name)"
    )
