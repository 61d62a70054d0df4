"""The columns of an execution's metrics, which grow when Keras measures another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dfanalyzer_client.attribute import Attribute
from dfanalyzer_client.attribute_type import AttributeType
from dfanalyzer_client.dataset import DataSet
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.keras_schema.metric_attributes import attribute_name, renamed_rows
from dfanalyzer_client.set import Set
from dfanalyzer_client.set_type import SetType

from .._inspection.logs import Part, in_naming_order, parts_of, reserved_names
from .dataflow import keras_set
from .rows import Row, rows_of_set

__all__ = ["MetricColumns"]


class MetricColumns:
    """The columns of an execution's metrics, in all its sets.

    Args:
        declare: declares a set of a transformation, or new attributes of a set.
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
        keras_keys: Iterable[Any] | None = None,
    ) -> dict[str, float | str | None]:
        """The values of `logs` by attribute; new metrics become new attributes of the set.

        A metric of several numbers, such as F1 by class, has as many attributes: ``f1_score_0``,
        ``f1_score_1``, ….

        Args:
            transformation: the one that writes the set.
            output: the set's tag.
            logs: the metrics.
            prefix: of the attributes' names in this set.
            keras_keys: keys that Keras itself measured, by default all. They keep their names; the
                keys that a callback has added may be renamed.
        """
        names = self._columns.setdefault(output, {})
        parts = parts_of(logs)
        fresh = [part for part in parts if part not in names]
        if fresh:
            self._name_metrics(fresh, output, prefix, logs if keras_keys is None else keras_keys)
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
        """Rows of new metrics whose attributes have other names; returned once."""
        rows = self._renamed.pop(transformation, None)
        return [rows_of_set(tags.METRIC_NAMES, rows)] if rows else []

    def _name_metrics(
        self, fresh: Iterable[Part], output: str, prefix: str, keras_keys: Iterable[Any]
    ) -> None:
        """Choose an attribute for every part."""
        names = self._columns[output]
        reserved = {f"{prefix}{name}" for name in reserved_names(keras_keys)}
        has_rate = output == tags.TRAINING_OUTPUT and self._has_rate
        for part in in_naming_order(fresh, keras_keys):
            wanted = f"{prefix}{part.name}"
            if wanted == tags.LEARNING_RATE.lower() and not has_rate:
                names[part] = wanted  # free: this set has no column of ours for the rate
            else:
                taken = {*names.values(), *(reserved - {wanted})}
                names[part] = attribute_name(wanted, output, taken)

    def _keep_names(self, transformation: str, rows: Sequence[Row]) -> None:
        """Queue the names of metrics for the next message of the transformation's task."""
        if not rows:
            return
        if transformation not in self._with_names:
            self._with_names.add(transformation)
            self._declare(transformation, keras_set(tags.METRIC_NAMES))
        self._renamed.setdefault(transformation, []).extend(rows)
