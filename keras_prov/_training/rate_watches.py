"""The learning rates of all optimizers of a training, polled together and distinguished by name.

For a model with one optimizer this is its `RateWatch` and nothing more. Every optimizer is read
once per epoch.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from .._inspection.fit_call import FitCall
from .._inspection.learning_rate import common, inner_optimizers, is_multi
from .._inspection.optimizers import NamedOptimizer
from .._recording.events import Adaptation
from .rate_watch import RateWatch
from .step_counter import batches_per_epoch

__all__ = ["RateWatches"]


class _Named(NamedTuple):
    """What watches an optimizer, which only the watch holds."""

    name: str
    group: str
    watch: RateWatch

    @property
    def optimizer(self) -> Any:
        return self.watch.optimizer


class RateWatches:
    """Polls the learning rate of each optimizer of a training.

    Args:
        fit_call: what is trained.
        watch: what watches one optimizer.

    Attributes:
        only: the watch of the optimizer given to `compile()`, if no other optimizer is watched.
    """

    def __init__(self, fit_call: FitCall, watch: type[RateWatch] = RateWatch) -> None:
        self._fit_call, self._new_watch = fit_call, watch
        main: Any = fit_call.optimizer
        self._main_reference = None if main is None else weakref.ref(main)
        self._batches_per_epoch = batches_per_epoch(fit_call)
        self._watches: list[_Named] = []
        self._may_grow = is_multi(main)
        self.only: RateWatch | None = None
        self._watch(fit_call.optimizers)

    @property
    def _main(self) -> Any:
        """The optimizer given to `compile()` when the training began."""
        return None if self._main_reference is None else self._main_reference()

    @property
    def rate(self) -> float | None:
        """The rate of the optimizer given to `compile()`; None where its parts differ."""
        if self.only is not None:
            return self.only.rate
        parts = inner_optimizers(self._main) or [self._main]
        mine = [
            each.watch.rate
            for each in self._watches
            if any(each.optimizer is part for part in parts)
        ]
        rate: float | None = common(mine)
        return rate

    @property
    def rates(self) -> list[tuple[str, float | None]]:
        """Name and rate of each optimizer at the last poll."""
        return [(each.name, each.watch.rate) for each in self._watches]

    @property
    def are_several(self) -> bool:
        """Whether another optimizer is watched than the one given to `compile()`."""
        return bool(self._watches) and self.only is None

    @property
    def optimizers(self) -> list[NamedOptimizer]:
        """The optimizers that are watched."""
        return [NamedOptimizer(each.name, each.optimizer, each.group) for each in self._watches]

    def _add_new(self) -> None:
        """Also watch the optimizers that a MultiOptimizer's function has chosen since."""
        known = {id(each.optimizer) for each in self._watches}
        if any(id(optimizer) not in known for optimizer in inner_optimizers(self._main)):
            found = self._fit_call.optimizers
            self._watch([named for named in found if id(named.optimizer) not in known])

    def poll(self, epoch: int, when: str) -> list[Adaptation]:
        """The changes since the last poll; see `RateWatch.poll`."""
        if self.only is not None:
            return self.only.poll(epoch, when)
        if len(self._watches) == 1:
            (alone,) = self._watches
            return _named(alone.watch.poll(epoch, when), alone.name)
        groups: dict[str, list[tuple[_Named, list[Adaptation]]]] = {}
        for each in self._watches:
            groups.setdefault(each.group, []).append((each, each.watch.poll(epoch, when)))
        return [change for group, found in groups.items() for change in self._merged(group, found)]

    def poll_some(self, optimizers: Sequence[Any], epoch: int) -> list[Adaptation]:
        """The changes of these optimizers until now, in mid-epoch or at an epoch's end."""
        found = []
        for each in self._watches:
            if any(each.optimizer is optimizer for optimizer in optimizers):
                changes = each.watch.poll(epoch, "epoch")
                found += changes if each.watch is self.only else _named(changes, each.name)
        return found

    def accept(self, optimizers: Sequence[Any]) -> None:
        """See `RateWatch.accept`."""
        for each in self._watches:
            if any(each.optimizer is optimizer for optimizer in optimizers):
                each.watch.accept()

    def epoch_is_done(self, batches: int | None = None) -> None:
        """See `RateWatch.epoch_is_done`; optimizers that are new by now are watched from now on."""
        for each in self._watches:
            each.watch.epoch_is_done(batches)
        if self._may_grow:
            self._add_new()

    def stop(self) -> None:
        """Stop watching."""
        for each in self._watches:
            each.watch.stop()

    def _watch(self, optimizers: Iterable[NamedOptimizer]) -> None:
        for named in optimizers:
            watch = self._new_watch(
                named.optimizer,
                self._fit_call.trainer,
                self._fit_call.callbacks,
                self._batches_per_epoch,
            )
            self._watches.append(_Named(named.name, named.group, watch))
        is_alone = len(self._watches) == 1 and self._watches[0].optimizer is self._main
        self.only = self._watches[0].watch if is_alone else None

    def _merged(
        self, group: str, found: Sequence[tuple[_Named, list[Adaptation]]]
    ) -> list[Adaptation]:
        """One change if all parts of a MultiOptimizer changed alike, else one for each part."""
        first = found[0][1]
        if all(_alike(first, changes) for _, changes in found):
            is_alone = len(found) == len(self._watches) and self._main is not None
            return first if is_alone else _named(first, group)
        return [change for named, changes in found for change in _named(changes, named.name)]


def _alike(some: Sequence[Adaptation], others: Sequence[Adaptation]) -> bool:
    def values(changes: Sequence[Adaptation]) -> list[tuple[Any, ...]]:
        return [(change.old_rate, change.new_rate, change.cause) for change in changes]

    return values(some) == values(others)


def _named(changes: Iterable[Adaptation], name: str) -> list[Adaptation]:
    return [replace(change, optimizer=name) for change in changes]
