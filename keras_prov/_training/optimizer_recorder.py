"""What the optimizers of a training are, and their rates, where the model has several."""

from __future__ import annotations

from .._identity_map import WeakIdentityMap
from .._inspection.fit_call import FitCall
from .._inspection.optimizers import MAIN, NamedOptimizer
from .._recording.training_task import TrainingTask
from .inputs import optimizer_rows
from .rate_watches import RateWatches

__all__ = ["OptimizerRecorder"]


class OptimizerRecorder:
    """Records the optimizers of a model that has another than the one given to `compile()`.

    Args:
        task: where to record.
        fit_call: the model that is fitted and the arguments of `fit`.
        with_hyperparameters: whether the optimizers are recorded, or their rates only.
    """

    def __init__(self, task: TrainingTask, fit_call: FitCall, with_hyperparameters: bool) -> None:
        self._task, self._fit_call = task, fit_call
        self._with_hyperparameters = with_hyperparameters
        self._recorded: WeakIdentityMap[bool] = WeakIdentityMap()

    def record(self, optimizers: list[NamedOptimizer]) -> None:
        """Record those that are new."""
        new = [named for named in optimizers if not self._recorded.get(named.optimizer)]
        if not new or [named.name for named in optimizers] == [MAIN]:
            return
        for named in new:
            self._recorded.set(named.optimizer, True)
        if self._with_hyperparameters:
            self._task.optimizers(optimizer_rows(new, self._fit_call))

    def record_rates(self, epoch: int, watches: RateWatches) -> None:
        """Record the rate of each optimizer in an epoch."""
        if watches.are_several:
            self.record(watches.optimizers)
            self._task.rates(epoch, watches.rates)
