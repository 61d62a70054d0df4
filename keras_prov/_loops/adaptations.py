"""The adaptations of a loop: learning rates, and other numbers of its optimizers."""

from __future__ import annotations

import json
from collections.abc import Callable

from .._inspection.fit_call import FitCall
from .._inspection.optimizer_scalars import optimizer_scalars
from .._recording.events import ASSIGNMENT, Adaptation
from .._recording.execution import Execution
from .._training.adaptation_recorder import AdaptationRecorder
from .rate_watch import EPOCH_BEGINS, EPOCH_RUNS, LoopRateWatch

__all__ = ["LoopAdaptations"]


class LoopAdaptations(AdaptationRecorder):
    """Polls where an epoch of the loop ends.

    Besides the learning rates, which are watched as in `fit()`, plain numbers of the optimizers
    (momentum, weight decay) are compared, which asks no device.
    """

    def __init__(
        self,
        execution: Execution,
        fit_call: FitCall,
        show: Callable[[Adaptation], object] | None = None,
    ) -> None:
        super().__init__(execution, fit_call, show, LoopRateWatch)
        self._scalars = self._scalars_now()

    def epoch_runs(self, epoch: int) -> None:
        """Record what has changed until the end of an epoch."""
        self.poll(epoch, EPOCH_RUNS)
        before, self._scalars = self._scalars, self._scalars_now()
        for name, scalars in self._scalars.items():
            for attribute, value in scalars.items():
                old = before.get(name, {}).get(attribute, value)
                if value != old:
                    self._record_scalar(epoch, name, attribute, old, value)

    def epoch_begins(self, epoch: int) -> None:
        """Read the rates that schedules have in an epoch that begins."""
        self.poll(epoch, EPOCH_BEGINS)

    def _scalars_now(self) -> dict[str, dict[str, float]]:
        named = self.watches.optimizers
        return {each.name: optimizer_scalars(each.optimizer) for each in named}

    def _record_scalar(
        self, epoch: int, name: str, attribute: str, old: float, value: float
    ) -> None:
        rate = dict(self.watches.rates).get(name)
        optimizer = name if self.watches.are_several else None
        texts = json.dumps(old), json.dumps(value)
        self._record(Adaptation(epoch, rate, rate, ASSIGNMENT, None, optimizer, attribute, *texts))
