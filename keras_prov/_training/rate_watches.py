"""The learning rates of all optimizers of a training: looked at together, told apart by name.

Where a model has one optimizer, this is its `RateWatch` and nothing more. Each optimizer is read as
often as the one of other models is: once for an epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from .._inspection.fit_call import FitCall
from .._inspection.learning_rate import common, inner_optimizers
from .._inspection.optimizers import NamedOptimizer
from .._recording.events import Adaptation
from .rate_watch import RateWatch

__all__ = ["RateWatches"]


class RateWatches:
    """Looks at the learning rate of each optimizer of a training, again and again."""

    def __init__(self, fit_call: FitCall) -> None:
        self._fit_call = fit_call
        self._main: Any = fit_call.optimizer
        self._watches: list[tuple[NamedOptimizer, RateWatch]] = []
        self._meet(fit_call.optimizers)

    @property
    def rate(self) -> float | None:
        """That of the optimizer that `compile()` was given; None where its parts differ."""
        watches = self._watches
        if len(watches) == 1 and watches[0][0].optimizer is self._main:
            return watches[0][1].rate
        parts = inner_optimizers(self._main) or [self._main]
        mine = [watch.rate for each, watch in watches if any(each.optimizer is p for p in parts)]
        rate: float | None = common(mine)
        return rate

    @property
    def rates(self) -> list[tuple[str, float | None]]:
        """Name and rate of each, as last seen."""
        return [(each.name, watch.rate) for each, watch in self._watches]

    @property
    def are_several(self) -> bool:
        """Whether another is watched than the one that `compile()` was given."""
        watched = [each.optimizer for each, _ in self._watches]
        return bool(watched) and watched != [self._main]

    @property
    def optimizers(self) -> list[NamedOptimizer]:
        """Those that are watched."""
        return [each for each, _ in self._watches]

    def meet(self) -> list[NamedOptimizer]:
        """Watch those, too, that a MultiOptimizer's function has chosen since; the new ones."""
        known = {id(each.optimizer) for each, _ in self._watches}
        if all(id(each) in known for each in inner_optimizers(self._main)):
            return []
        new = [each for each in self._fit_call.optimizers if id(each.optimizer) not in known]
        self._meet(new)
        return new

    def look(self, epoch: int, when: str) -> list[Adaptation]:
        """The changes since the last look; see `RateWatch.look`."""
        if len(self._watches) == 1:
            ((named, watch),) = self._watches
            found = watch.look(epoch, when)
            return found if named.optimizer is self._main else _named(found, named.name)
        seen = [(named, watch.look(epoch, when)) for named, watch in self._watches]
        groups: dict[str, list[tuple[NamedOptimizer, list[Adaptation]]]] = {}
        for each in seen:
            groups.setdefault(each[0].group, []).append(each)
        return [each for group, members in groups.items() for each in self._told(group, members)]

    def epoch_is_over(self) -> None:
        """See `RateWatch.epoch_is_over`."""
        for _, watch in self._watches:
            watch.epoch_is_over()

    def stop(self) -> None:
        """Watch no more."""
        for _, watch in self._watches:
            watch.stop()

    def _meet(self, optimizers: Iterable[NamedOptimizer]) -> None:
        for each in optimizers:
            watch = RateWatch(each.optimizer, self._fit_call.model, self._fit_call.callbacks)
            self._watches.append((each, watch))

    def _told(
        self, group: str, seen: Sequence[tuple[NamedOptimizer, list[Adaptation]]]
    ) -> list[Adaptation]:
        """One change where all parts of a MultiOptimizer made the same, else one for each."""
        first = seen[0][1]
        if all(_alike(first, changes) for _, changes in seen):
            is_alone = len(seen) == len(self._watches) and self._main is not None
            return first if is_alone else _named(first, group)
        return [each for named, changes in seen for each in _named(changes, named.name)]


def _alike(some: Sequence[Adaptation], others: Sequence[Adaptation]) -> bool:
    def values(changes: Sequence[Adaptation]) -> list[tuple[Any, ...]]:
        return [(each.old_rate, each.new_rate, each.cause) for each in changes]

    return values(some) == values(others)


def _named(changes: Iterable[Adaptation], name: str) -> list[Adaptation]:
    return [replace(each, optimizer=name) for each in changes]
