"""The paper's grid of hyperparameters, and which of its trainings are already in the database."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dfanalyzer_client.store import Connection

__all__ = ["TAG", "Configuration", "done", "grid", "left_of"]

TAG = "densed"
"""Tag of the dataflow of the grid's trainings."""

EPOCHS = (20, 50, 100)
LEARNING_RATES = (0.0005, 0.001, 0.002)
DECAYS = (1e-4, 1e-6)
MOMENTA = (0.5, 0.9)

FINISHED = """
SELECT i.num_epochs, i.learning_rate, i.decay, i.momentum, i.repetition, i.samples, i.growth_rate,
       i.blocks, i.dropout
FROM "densed".itrainingmodel i
  JOIN "public".task_begun t ON t.id = i.trainingmodel_task_id
  JOIN "public".task_ended e ON e.task_id = t.id
WHERE e.status = 'FINISHED'
"""
TOLERANCE = 1e-6
"""Keras computes learning rates in 32 bits."""


@dataclass(frozen=True)
class Configuration:
    """One training of the grid; `repetition` is also its random seed."""

    epochs: int
    learning_rate: float
    decay: float
    momentum: float
    repetition: int = 0
    samples: int = 96
    growth_rate: int = 16
    blocks: tuple[int, ...] = (3, 6, 3)
    dropout: float = 0.0

    @property
    def blocks_text(self) -> str:
        """The blocks as they are in the database."""
        return "-".join(map(str, self.blocks))

    @property
    def key(self) -> tuple[object, ...]:
        """What identifies the configuration, even if the database has rounded its numbers."""
        numbers = (self.learning_rate, self.decay, self.momentum, self.dropout)
        return (
            self.epochs,
            *(_rounded(number) for number in numbers),
            self.repetition,
            self.samples,
            self.growth_rate,
            self.blocks,
        )


def grid(
    epochs: Sequence[int] = EPOCHS,
    learning_rates: Sequence[float] = LEARNING_RATES,
    decays: Sequence[float] = DECAYS,
    momenta: Sequence[float] = MOMENTA,
    repetitions: int = 1,
    samples: int = 96,
) -> list[Configuration]:
    """All trainings; a repetition of the whole grid follows the previous one."""
    return [
        Configuration(*values, repetition, samples)
        for repetition in range(repetitions)
        for values in itertools.product(epochs, learning_rates, decays, momenta)
    ]


def done(connection: Connection) -> set[tuple[object, ...]]:
    """The keys of the trainings that have succeeded."""
    with connection.transaction():
        if not connection.query("SELECT 1 FROM sys.schemas WHERE name = %s", [TAG]):
            return set()
        rows = connection.query(FINISHED)
    return {
        Configuration(
            int(epochs),
            rate,
            decay,
            momentum,
            int(repetition),
            int(samples),
            int(growth),
            tuple(map(int, blocks.split("-"))),
            dropout,
        ).key
        for epochs, rate, decay, momentum, repetition, samples, growth, blocks, dropout in rows
    }


def left_of(
    wanted: Iterable[Configuration], finished: set[tuple[object, ...]]
) -> list[Configuration]:
    """The configurations in `wanted` that are not finished."""
    return [configuration for configuration in wanted if configuration.key not in finished]


def _rounded(number: float) -> float:
    """The number, rounded to as many digits as 32 bits hold."""
    if not number:
        return 0.0
    digits = -math.floor(math.log10(abs(number) * TOLERANCE))
    return round(number, digits)
