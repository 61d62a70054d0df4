"""Rows of the sets of metrics, made of the rows of the spool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..keras_schema import SETS
from ..keras_schema import names as tags
from ..masking import captured_row
from .attributes import Attributes
from .foreign_run import Kind
from .spool import Metric, Spool, SpooledRow
from .stored import StoredExecution
from .times import stamp

__all__ = ["OUTPUTS", "MetricRows"]

OUTPUTS = {
    Kind.EPOCH: tags.TRAINING_OUTPUT,
    Kind.TEST: tags.TESTING_OUTPUT,
    Kind.BATCH: tags.BATCHES,
    Kind.SYSTEM: tags.SYSTEM_METRICS,
}
"""The set that has the rows of each kind."""

POSITIONS = {
    Kind.EPOCH: (tags.EPOCH_ENDED, tags.EPOCH_ID),
    Kind.TEST: (tags.TESTED,),
    Kind.BATCH: (tags.BATCH_ENDED, tags.BATCH_ID),
    Kind.SYSTEM: (tags.SAMPLED, "DEVICE"),
}
"""Columns of a row beside its metrics."""

GPU = re.compile(r"gpu_(\d+)_(.*)")
MEGABYTE = 1e6
SYSTEM_COLUMNS = {
    "cpu_utilization_percentage": ("SYSTEM_CPU_PERCENT", 1.0),
    "system_memory_usage_percentage": ("SYSTEM_MEMORY_PERCENT", 1.0),
    "gpu_utilization_percentage": ("GPU_PERCENT", 1.0),
    "gpu_memory_usage_megabytes": ("GPU_MEMORY_BYTES", MEGABYTE),
}
"""MLflow's system metrics that Keras-Prov has, too: the column, and its unit in MLflow's."""


@dataclass(frozen=True)
class _Column:
    """Where the values of a metric go; `device` is empty but for the system's metrics."""

    name: str
    device: str = ""
    factor: float = 1.0


class MetricRows:
    """The rows of one set.

    Args:
        kind: which set.
        spool: has the points.
        attributes: chooses the names of the columns.
        stored: what need not be sent again.

    Attributes:
        grown: types of the attributes that the set must have.
        names: metrics by attribute.
    """

    def __init__(
        self, kind: Kind, spool: Spool, attributes: Attributes, stored: StoredExecution
    ) -> None:
        self.output = OUTPUTS[kind]
        self._kind, self._spool, self._stored = kind, spool, stored
        metrics = spool.metrics(kind)
        choose = self._system if kind is Kind.SYSTEM else self._measured
        self._columns = choose(metrics, attributes)
        own = dict.fromkeys(column.name for column in self._columns.values())
        types = SETS[self.output].types
        self.grown = {n: attributes.type_of(self.output, n) for n in own if n not in types}
        self._texts = {metric.id for metric in metrics if metric.is_text}
        self.names = {
            self._columns[metric.id].name: metric.name
            for metric in metrics
            if kind is not Kind.SYSTEM
        }
        self.columns = [*POSITIONS[kind], *own]
        if kind is Kind.EPOCH:
            self._leave_out(metrics)

    @property
    def is_empty(self) -> bool:
        """Whether the run has no such metrics."""
        return not self._columns

    def rows(self) -> Iterator[tuple[SpooledRow, list[Any]]]:
        """The rows that are not stored yet, with their values by `columns`."""
        found = self._all_rows()
        if self._kind is not Kind.EPOCH:  # they are only added to, in this order
            return islice(found, self._stored.rows.get(self.output, 0), None)
        return found

    def _all_rows(self) -> Iterator[tuple[SpooledRow, list[Any]]]:
        for row in self._spool.rows(self._kind):
            for device, values in self._by_device(row).items():
                position: list[Any] = [stamp(row.time)]
                if self._kind is Kind.SYSTEM:
                    position.append(device)
                elif self._kind is not Kind.TEST:
                    position.append(row.step)
                cells = [*position, *map(values.get, self.columns[len(position) :])]
                yield row, captured_row(self.columns, cells) if self._texts else cells

    def _by_device(self, row: SpooledRow) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for metric, value in row.values.items():
            column = self._columns[metric]
            scaled = value if column.factor == 1.0 else float(value) * column.factor
            if metric in self._texts and self.grown.get(column.name) == "TEXT":
                scaled = str(value)
            found.setdefault(column.device, {})[column.name] = scaled
        return found

    def _measured(self, metrics: list[Metric], attributes: Attributes) -> dict[int, _Column]:
        prefix = tags.TEST_METRIC_PREFIX if self._kind is Kind.TEST else ""
        chosen = attributes.of_metrics(
            self.output,
            [(metric.name, metric.is_text) for metric in metrics],
            self._stored.renamed.get(self.output, {}),
            prefix,
        )
        return {metric.id: _Column(chosen[metric.name]) for metric in metrics}

    def _system(self, metrics: list[Metric], attributes: Attributes) -> dict[int, _Column]:
        found = {}
        own: dict[int, tuple[str, str]] = {}
        for metric in metrics:
            name, device = metric.name, "cpu"
            if gpu := GPU.fullmatch(name):
                name, device = f"gpu_{gpu[2]}", f"gpu:{gpu[1]}"
            if name in SYSTEM_COLUMNS:
                column, factor = SYSTEM_COLUMNS[name]
                found[metric.id] = _Column(column, device, factor)
            else:
                own[metric.id] = name, device
        names = dict.fromkeys(name for name, _ in own.values())
        chosen = attributes.of_metrics(self.output, [(name, False) for name in names], {})
        return found | {id_: _Column(chosen[name], device) for id_, (name, device) in own.items()}

    def _leave_out(self, metrics: list[Metric]) -> None:
        """Tell the spool which epochs are stored; of texts, as many as of any number."""
        ids = {self._columns[metric.id].name: metric.id for metric in metrics}
        most: dict[int, int] = {}
        stored = []
        for (attribute, step), count in self._stored.points.items():
            most[step] = max(count, most.get(step, 0))
            if attribute in ids:
                stored.append((ids[attribute], step, count))
        stored += [(text, step, count) for text in self._texts for step, count in most.items()]
        self._spool.leave_out(stored)
