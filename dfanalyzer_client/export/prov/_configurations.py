"""Which configuration a training had in which epoch: the initial one, or an adapted one."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from operator import itemgetter

from prov.identifier import QualifiedName

from ...executions.record import TaskRecord

__all__ = ["Configurations"]

SINCE = itemgetter(0)
INITIAL = float("-inf")
"""Before all epochs."""


class Configurations:
    """The configurations of an execution's trainings, by the epoch from which they applied."""

    def __init__(self) -> None:
        self._of: dict[int, list[tuple[float, QualifiedName]]] = defaultdict(list)

    def add(self, training: TaskRecord, since: float, entity: QualifiedName) -> None:
        """Add a training's configuration and its first epoch; minus infinity: the initial one.

        Of several that are initial, none revises another: the first stands for them.
        """
        several = self._of[training.id]
        if since == INITIAL and several and several[0][0] == INITIAL:
            return
        insort(self._of[training.id], (since, entity), key=SINCE)

    def at(self, training: TaskRecord, epoch: float | None) -> QualifiedName | None:
        """The configuration in an epoch; without an epoch, the initial one."""
        several = self._of.get(training.id, [])
        number = bisect_right(several, INITIAL if epoch is None else epoch, key=SINCE)
        return several[number - 1][1] if number else None

    def revisions(self) -> Iterator[tuple[int, QualifiedName, QualifiedName]]:
        """A training's id, a configuration that replaced another, and that other; for all."""
        for training, several in self._of.items():
            for (_, former), (_, entity) in pairwise(several):
                yield training, entity, former
