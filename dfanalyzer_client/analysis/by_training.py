"""What each training of a run measured, in short."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..executions.own_names import OwnNames
from ..executions.training_numbers import training_numbers
from ..store import Connection
from ..store.comparison.metric_summaries import summaries_source
from ..store.exact_numbers import exact_value
from ..store.reading import Catalogue
from ..store.schema import table

__all__ = ["MetricOfTraining", "metrics_by_training"]


@dataclass(frozen=True)
class MetricOfTraining:
    """A metric in one training.

    Attributes:
        training: the number of the training within its run, from 1.
        name: the metric's own name.
        values: how many values are stored.
        lowest: the lowest value; NaN is none.
        lowest_epoch: its first epoch, from 0.
        highest: the highest value.
        highest_epoch: its first epoch.
        last: the value of the last epoch.
    """

    training: int
    name: str
    values: int
    lowest: float | None
    lowest_epoch: int | None
    highest: float | None
    highest_epoch: int | None
    last: float | str | None

    def to_dict(self) -> dict[str, Any]:
        """Its values by name."""
        return asdict(self)


def metrics_by_training(connection: Connection, run: int) -> list[MetricOfTraining]:
    """The metrics by epoch of a run, training by training."""
    rows = connection.query(
        'SELECT m.task_id, m.name, m."count", m.lowest, m.lowest_epoch, m.highest, '
        f'm.highest_epoch, m."last", m.last_exact FROM {summaries_source(connection)} AS m '
        f"JOIN {table('task_begun')} AS t ON t.id = m.task_id "
        "WHERE t.df_exec = %s AND m.last_epoch IS NOT NULL ORDER BY m.task_id, m.name",
        [run],
    )
    catalogue = Catalogue(connection)
    numbers = training_numbers(connection, catalogue, [run])
    own = OwnNames(connection, catalogue).of([run])
    return [
        MetricOfTraining(
            numbers.get(task, 1),
            own.get((run, name), name),
            count,
            lowest,
            _epoch(lowest_epoch),
            highest,
            _epoch(highest_epoch),
            last if exact is None else exact_value(exact),
        )
        for task, name, count, lowest, lowest_epoch, highest, highest_epoch, last, exact in rows
    ]


def _epoch(number: float | None) -> int | None:
    return None if number is None else int(number)
