"""The epochs of a running training, as the database has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple

from ..executions.own_names import OwnNames
from ..keras_schema import Role
from ..keras_schema import names as tags
from ..store.comparison.metric_values import epoch_values
from ..store.connection import Connection
from ..store.reading import Catalogue
from ..store.schema import table
from ..support.clock import naive_utc
from ._condition import Row

__all__ = ["EPOCH", "LEARNING_RATE", "SECONDS", "Training", "epochs_after", "newest_training"]

EPOCH, SECONDS, LEARNING_RATE = "epoch", "seconds", tags.LEARNING_RATE.lower()
"""What an epoch has beside its metrics."""


class Training(NamedTuple):
    """A training: the id of its task and of its execution, and when it began (UTC)."""

    task: int
    df_exec: int
    began: datetime | None


def newest_training(connection: Connection, df_exec: int) -> Training | None:
    """The training of an execution that began last; None if none has begun."""
    rows = connection.query(
        f"SELECT DISTINCT b.id, b.began FROM {table('task_begun')} AS b "
        f"JOIN {table('data_dependency')} AS p ON p.previous_dt_id = b.dt_id "
        f"JOIN {table('data_set_role')} AS r ON r.ds_id = p.ds_id "
        "WHERE r.role = %s AND b.df_exec = %s ORDER BY b.id DESC LIMIT 1",
        [Role.EPOCHS.value, df_exec],
    )
    return Training(rows[0][0], df_exec, rows[0][1]) if rows else None


def epochs_after(
    connection: Connection, training: Training, after: float | None, names: Collection[str]
) -> list[Row]:
    """The epochs of a training that come after one, each with the values of some names.

    Args:
        connection: to the database.
        training: the training.
        after: the number of an epoch; None: all.
        names: those of metrics, as they are in Keras, and the names above.
    """
    by_epoch: dict[float, dict[str, float | None]] = defaultdict(dict)
    for each in epoch_values(connection, [training.task], after=after):
        value = each.value if each.exact is None else float(each.exact)
        by_epoch[each.epoch][each.name] = value
    if not by_epoch:
        return []
    stored = _stored_names(
        connection, training, names, {n for row in by_epoch.values() for n in row}
    )
    rates = _rates(connection, training) if LEARNING_RATE in names else []
    return [
        {
            LEARNING_RATE: _rate(rates, epoch),
            SECONDS: _seconds(training),
            **{name: row[key] for name, key in stored.items() if key in row},
            EPOCH: epoch,
        }
        for epoch, row in sorted(by_epoch.items())
    ]


def _stored_names(
    connection: Connection, training: Training, names: Collection[str], stored: Collection[str]
) -> dict[str, str]:
    """Under which names metrics are stored, by their names in Keras."""
    found = {name: name for name in names if name in stored}
    if set(names) - found.keys() - {EPOCH, SECONDS, LEARNING_RATE}:
        own = OwnNames(connection, Catalogue(connection)).of([training.df_exec])
        found |= {name: name.lower() for name in names if name.lower() in stored}
        found |= {name: key for (_, key), name in own.items() if name in names}
    return found


def _rates(connection: Connection, training: Training) -> list[tuple[float, float]]:
    """The learning rates of the execution: from which epoch on, and what, in this order."""
    rows = connection.query(
        f'SELECT COALESCE(v.epoch, 0), v."number" FROM {table("hyperparameter_value")} AS v '
        f"JOIN {table('task_begun')} AS t ON t.id = v.task_id "
        'WHERE t.df_exec = %s AND v."name" = %s AND v."number" IS NOT NULL '
        "AND t.id >= %s ORDER BY t.id",
        [training.df_exec, LEARNING_RATE, training.task],
    )
    return [(float(epoch), float(rate)) for epoch, rate in rows]


def _rate(rates: list[tuple[float, float]], epoch: float) -> float | None:
    return next((rate for first, rate in reversed(rates) if first <= epoch), None)


def _seconds(training: Training) -> float | None:
    """Seconds since the training began."""
    if training.began is None:
        return None
    return (naive_utc(datetime.now(UTC)) - training.began).total_seconds()
