"""The attributes that metrics are stored as, whatever the metrics are called.

An attribute has the metric's name in lower case, like all names in DfAnalyzer. If that name is
impossible or taken, another one is made from it, in the same way each time. Where the two differ,
if only in case, ``oMetricNames`` has both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..declarations.names import storable_name
from . import names as tags
from .sets import SETS

__all__ = ["attribute_name", "renamed_rows"]

UNNAMED = "metric"
COMMON_COLUMNS = frozenset(
    {
        "id",
        *tags.NOT_METRICS,
        *(f"{tag.lower()}_task_id" for tag in (tags.TRAINING, tags.ADAPTATION, tags.TESTING)),
    }
)
"""Columns that every set of metrics has."""


def attribute_name(metric: str, output: str, taken: Iterable[str]) -> str:
    """The attribute of a metric, with a number if its name is taken.

    A name is taken if every set has a column of that name, or if another metric's name differs from
    it only in case.

    Args:
        metric: its name, after the set's prefix.
        output: the set's tag.
        taken: the attributes of the set's other metrics.
    """
    plain = storable_name(metric, UNNAMED)
    used = {*taken, *COMMON_COLUMNS, *(name.lower() for name in SETS[output].names)}
    number, name = 1, plain
    while name in used:
        number += 1
        name = storable_name(f"{plain}_{number}")  # which cuts a name that becomes too long
    return name


def renamed_rows(output: str, metrics: Mapping[str, str], prefix: str = "") -> list[dict[str, Any]]:
    """Rows of ``oMetricNames``: set, attribute and metric, if their names differ.

    Args:
        output: the set's tag.
        metrics: attribute to metric, which begins with the set's prefix.
        prefix: what the metrics' names begin with in this set.
    """
    return [
        {
            tags.OF_SET: output,
            tags.ATTRIBUTE: attribute,
            tags.METRIC: metric.removeprefix(prefix),
        }
        for attribute, metric in metrics.items()
        if attribute != metric
    ]
