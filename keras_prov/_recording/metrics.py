"""Attributes for metrics, whatever the metrics are called.

A metric's attribute is its name in lower case, as DfAnalyzer has all names. Where that cannot be,
or is taken, it is one made of the name, always the same for the same name; then ``oMetricNames``
says which metric it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dfanalyzer_client.declarations.names import storable_name
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema import names as tags

from .rows import Row

__all__ = ["attribute_name", "renamed"]

UNNAMED = "metric"
OWN_COLUMNS = frozenset({
    "id",
    *tags.NOT_METRICS,
    *(f"{each.lower()}_task_id" for each in (tags.TRAINING, tags.ADAPTATION, tags.TESTING)),
})  # fmt: skip
"""Columns that sets of metrics have in any case."""


def attribute_name(metric: str, output: str, taken: Iterable[str]) -> str:
    """The attribute of a metric, numbered where its name is taken.

    Taken are the columns that every set has, and the names of other metrics that differ from this
    one in case alone.

    Args:
        metric: its name, after the set's prefix.
        output: the set's tag.
        taken: the attributes that other metrics of the set have.
    """
    plain = storable_name(metric, UNNAMED)
    used = {*taken, *OWN_COLUMNS, *(name.lower() for name in SETS[output].names)}
    number, name = 1, plain
    while name in used:
        number += 1
        name = storable_name(f"{plain}_{number}")  # a name as long as can be gets no longer
    return name


def renamed(output: str, metrics: Mapping[str, str], prefix: str = "") -> list[Row]:
    """Rows of ``oMetricNames``: the set, the attribute and the metric, where their names differ.

    Args:
        output: the set's tag.
        metrics: each attribute's metric, after the set's prefix.
        prefix: what stands before the metrics' names in this set.
    """
    return [
        {
            tags.OF_SET: output,
            tags.ATTRIBUTE: attribute,
            tags.METRIC: metric.removeprefix(prefix),
        }
        for attribute, metric in metrics.items()
        if attribute != metric.lower()
    ]
