"""Attributes for metrics, whatever the metrics are called.

A metric's attribute is its name in lower case, as DfAnalyzer has all names. Where that cannot be,
or is taken, it is one made of the name, always the same for the same name; then ``oMetricNames``
says which metric it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dfanalyzer_client.attribute import Attribute
from dfanalyzer_client.attribute_type import AttributeType
from dfanalyzer_client.dataset import DataSet
from dfanalyzer_client.declarations.names import storable_name
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.set import Set
from dfanalyzer_client.set_type import SetType

from .._inspection.logs import Part, in_order_of_claim, kept_names, parts_of
from .dataflow import keras_set
from .rows import Row, rows_of_set

__all__ = ["MetricColumns", "attribute_name", "renamed_rows"]

UNNAMED = "metric"
OWN_COLUMNS = frozenset({
    "id",
    *tags.NOT_METRICS,
    *(f"{each.lower()}_task_id" for each in (tags.TRAINING, tags.ADAPTATION, tags.TESTING)),
})  # fmt: skip
"""Columns that sets of metrics have in any case."""


class MetricColumns:
    """The columns that the metrics of an execution have in its sets.

    Args:
        declare: lets a transformation have a set, or a set more attributes.
        has_rate: whether ``oTrainingModel`` has a column for the learning rate.
    """

    def __init__(self, declare: Callable[[str, Set], None], *, has_rate: bool) -> None:
        self._declare, self._has_rate = declare, has_rate
        self._columns: dict[str, dict[Part, str]] = {}
        self._renamed: dict[str, list[Row]] = {}
        self._with_names: set[str] = set()

    def row(
        self,
        transformation: str,
        output: str,
        logs: Mapping[Any, Any],
        prefix: str = "",
        own: Iterable[Any] | None = None,
    ) -> dict[str, float | str | None]:
        """`logs` by attribute; the output set grows by the metrics that it has not met.

        A metric of several numbers, such as F1 of each class, is as many attributes:
        ``f1_score_0``, ``f1_score_1``, …. `own` are the keys that Keras itself measured, by default
        all: their names never yield to those that a callback has added.
        """
        names = self._columns.setdefault(output, {})
        parts = parts_of(logs)
        fresh = [part for part in parts if part not in names]
        if fresh:
            self._name_metrics(fresh, output, prefix, logs if own is None else own)
            grown = [
                Attribute(
                    names[part], AttributeType.TEXT if part.is_text else AttributeType.NUMERIC
                )
                for part in fresh
            ]
            self._declare(transformation, Set(output, SetType.OUTPUT, grown))
            wanted = {names[part]: f"{prefix}{part.name}" for part in fresh}
            self._keep_names(transformation, renamed_rows(output, wanted, prefix))
        return {names[part]: value for part, value in parts.items()}

    def renamed(self, transformation: str) -> list[DataSet]:
        """What is to be said of metrics that are not called as their attributes; once."""
        rows = self._renamed.pop(transformation, None)
        return [rows_of_set(tags.METRIC_NAMES, rows)] if rows else []

    def _name_metrics(
        self, fresh: Iterable[Part], output: str, prefix: str, own: Iterable[Any]
    ) -> None:
        """Give each part an attribute of its own."""
        names, kept = self._columns[output], {f"{prefix}{each}" for each in kept_names(own)}
        has_rate = output == tags.TRAINING_OUTPUT and self._has_rate
        for part in in_order_of_claim(fresh, own):
            wanted = f"{prefix}{part.name}"
            if wanted == tags.LEARNING_RATE.lower() and not has_rate:
                names[part] = wanted  # set aside for ours, which this set does not have
            else:
                taken = {*names.values(), *(kept - {wanted})}
                names[part] = attribute_name(wanted, output, taken)

    def _keep_names(self, transformation: str, rows: Sequence[Row]) -> None:
        """Keep the names of metrics for the next message of the transformation's task."""
        if not rows:
            return
        if transformation not in self._with_names:
            self._with_names.add(transformation)
            self._declare(transformation, keras_set(tags.METRIC_NAMES))
        self._renamed.setdefault(transformation, []).extend(rows)


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


def renamed_rows(output: str, metrics: Mapping[str, str], prefix: str = "") -> list[Row]:
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
