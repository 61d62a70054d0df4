"""The adaptations of one training: what changes while it runs, and what has changed before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from .._inspection.fit_call import FitCall
from .._inspection.learning_rate import inner_optimizers
from .._recording.events import Adaptation, Configuration
from .._recording.execution import Execution
from .._recording.outcome import Progress
from .changes import changes_since, configuration_of
from .rate_watch import RateWatch
from .rate_watches import RateWatches

__all__ = ["AdaptationRecorder"]


class AdaptationRecorder:
    """Polls the learning rates of a training and records what has changed.

    Args:
        execution: where to record.
        fit_call: the model that is fitted and the arguments of `fit`.
        show: is called with each adaptation, if given.
        watch: what watches one optimizer.

    Attributes:
        watches: the learning rates.
        swaps_average: whether SwapEMAWeights changes the weights at the ends of epochs.
    """

    def __init__(
        self,
        execution: Execution,
        fit_call: FitCall,
        show: Callable[[Adaptation], object] | None = None,
        watch: type[RateWatch] = RateWatch,
    ) -> None:
        self._execution, self._fit_call, self._show = execution, fit_call, show
        self.watches = RateWatches(fit_call, watch)
        self._unused: list[Adaptation] = []
        self.swaps_average = any(
            isinstance(callback, keras.callbacks.SwapEMAWeights) and callback.swap_on_epoch
            for callback in fit_call.callbacks
        )

    @property
    def rate(self) -> float | None:
        """The learning rate at the last poll."""
        return self.watches.rate

    def compare_with_last_training(self, epoch: int) -> None:
        """Record what the user has changed since the model was last trained."""
        before, self._execution.configuration = self._execution.configuration, None
        if before is not None:
            rates = dict(self.watches.rates)
            for change in changes_since(before, self._fit_call, self.rate, rates, epoch):
                self._record(change)

    def poll(self, epoch: int, when: str) -> None:
        """Record what has changed since the last poll; see `RateWatch.poll`."""
        for change in self.watches.poll(epoch, when):
            self._record(change)

    @contextmanager
    def changing(self, optimizers: Sequence[Any], epoch: int) -> Iterator[None]:
        """What the block does to these optimizers is recorded elsewhere; what came before is here.

        Args:
            optimizers: those that the block changes.
            epoch: the epoch that runs, or the one that comes.
        """
        self.compare_with_last_training(epoch)
        for change in self.watches.poll_some(optimizers, epoch):
            self._record(change)
        yield
        self.watches.accept(optimizers)

    def epoch_is_done(self, batches: int | None = None) -> None:
        """Keep the assignments made during an epoch apart from later ones.

        Args:
            batches: how many batches this training has had so far, if they are counted.
        """
        self.watches.epoch_is_done(batches)

    def epoch_ends(self, next_epoch: int) -> None:
        """Record that SwapEMAWeights has put the running average in the weights' place."""
        self._record_average(next_epoch, "SwapEMAWeights")

    def last_poll(self, progress: Progress, error: BaseException | None) -> None:
        """Poll a last time and stop watching.

        A change after the last epoch is an adaptation of the next training, unless this one failed.
        """
        for change in self.watches.poll(progress.next_epoch, "epoch"):
            if error is None and change.epoch == progress.next_epoch:
                self._unused.append(change)
            else:
                self._record(change)
        self.watches.stop()
        is_fit = self._fit_call.trainer is not None
        if error is None and progress.epochs and is_fit and _averages(self._fit_call.optimizer):
            # Optimizer.finalize_variable_values puts the weights' running average in their place
            self._record_average(progress.next_epoch, "EMA overwrite")

    def configuration(self) -> Configuration:
        """What the next training of this model is compared with."""
        rates = dict(self.watches.rates)
        return configuration_of(self._fit_call, self.rate, rates, self._unused)

    def _record_average(self, epoch: int, cause: str) -> None:
        """The weights and their running average have changed places; the rate has not changed."""
        self._record(Adaptation(epoch, self.rate, self.rate, cause))

    def _record(self, adaptation: Adaptation) -> None:
        self._execution.record_adaptation(adaptation)
        if self._show is not None:
            self._show(adaptation)


def _averages(optimizer: Any) -> bool:
    parts = inner_optimizers(optimizer) or [optimizer]
    return any(getattr(part, "use_ema", False) for part in parts)
