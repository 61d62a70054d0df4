"""An optimizer's learning rate at each epoch's begin, without reading a device where it is known.

A constant rate is read again once something may have assigned it. A schedule of Keras is computed
on the host from the step, which is counted. What the user's own training steps and optimizers do is
unknown, so their variables are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import keras

from .._inspection.host_schedules import host_rate
from .._inspection.learning_rate import is_keras_schedule, is_multi, learning_rate
from .._inspection.numbers import shortest
from .._tracking.calls import trains_itself
from .assignment_watch import assignment_watch
from .step_counter import StepCounter

__all__ = ["RateReader"]


class _Source(Protocol):
    """Where a rate comes from."""

    def rate(self, at_end: bool) -> float | None:
        """The rate now."""

    def epoch_is_done(self, batches: int | None) -> None:
        """See `RateReader.epoch_is_done`."""

    def assigned(self, rate: float | None) -> None:
        """See `RateReader.assigned`."""


class RateReader:
    """Tells an optimizer's rate repeatedly.

    Args:
        optimizer: the optimizer.
        model: the model whose `fit` takes the steps; None if a loop of the user's does.
        callbacks: the user's callbacks.
        batches_per_epoch: if each epoch of this training has as many.
    """

    def __init__(
        self,
        optimizer: Any,
        model: Any,
        callbacks: Sequence[Any],
        batches_per_epoch: int | None = None,
    ) -> None:
        self.optimizer, self._model = optimizer, model
        self._callbacks, self._batches_per_epoch = callbacks, batches_per_epoch
        self._attribute = getattr(optimizer, "_learning_rate", None)
        self._source = self._new_source()

    def rate(self, *, at_end: bool = False) -> float | None:
        """The learning rate of the next step, as its shortest decimal; None when unknown.

        Args:
            at_end: whether this may be within an epoch, as where a training ends or is steered.
        """
        attribute = getattr(self.optimizer, "_learning_rate", None)
        if attribute is not self._attribute:  # another schedule, or none any more
            self._attribute = attribute
            self._source = self._new_source()
        return self._source.rate(at_end)

    def epoch_is_done(self, batches: int | None) -> None:
        """Note that an epoch was trained; the user's callbacks are not called for its end yet.

        Args:
            batches: how many batches this training has had so far, if they are counted.
        """
        self._source.epoch_is_done(batches)

    def assigned(self, rate: float | None) -> None:
        """Note that the rate was set to this value, or to one that is no plain number."""
        self._source.assigned(rate)

    def _new_source(self) -> _Source:
        if not _is_trained_by_keras(self._model, self.optimizer):
            return _ReadRate(self.optimizer, self._model)
        if isinstance(self._attribute, keras.Variable):
            return _ConstantRate(self.optimizer, self._model, self._callbacks)
        if is_keras_schedule(self._attribute):
            per_epoch = self._batches_per_epoch
            steps = StepCounter(self.optimizer, self._model, self._callbacks, per_epoch)
            return _ScheduledRate(self.optimizer, self._model, steps)
        return _ReadRate(self.optimizer, self._model)


class _ReadRate:
    """A rate that is read each time."""

    def __init__(self, optimizer: Any, model: Any) -> None:
        self._optimizer, self._model = optimizer, model

    def rate(self, at_end: bool) -> float | None:
        return learning_rate(self._optimizer, self._model)

    def epoch_is_done(self, batches: int | None) -> None:
        pass

    def assigned(self, rate: float | None) -> None:
        pass


class _ConstantRate:
    """A rate in a variable, which is read once something may have assigned it."""

    def __init__(self, optimizer: Any, model: Any, callbacks: Sequence[Any]) -> None:
        self._optimizer, self._model = optimizer, model
        self._variable = optimizer._learning_rate
        self._watch = assignment_watch(self._variable, callbacks)
        self._rate: float | None = None
        self._is_known = self._in_epoch = False

    def rate(self, at_end: bool) -> float | None:
        if not self._is_known or self._watch.may_be_assigned():
            self._rate = learning_rate(self._optimizer, self._model)
            self._watch.seen()
            self._is_known = True
        self._in_epoch = True
        return self._rate

    def epoch_is_done(self, batches: int | None) -> None:
        self._in_epoch = False
        self._watch.epoch_is_done(0)

    def assigned(self, rate: float | None) -> None:
        # what is assigned between two batches is lost with JAX, if Keras has its state elsewhere
        is_exact = rate is not None and self._variable.dtype == "float32" and not self._in_epoch
        self._is_known = is_exact
        if is_exact:
            self._rate = rate
            self._watch.seen()


class _ScheduledRate:
    """A schedule of Keras, computed on the host."""

    def __init__(self, optimizer: Any, model: Any, steps: StepCounter) -> None:
        self._optimizer, self._model, self._steps = optimizer, model, steps

    def rate(self, at_end: bool) -> float | None:
        rate = host_rate(self._optimizer._learning_rate, self._steps.step(at_end=at_end))
        return learning_rate(self._optimizer, self._model) if rate is None else shortest(rate)

    def epoch_is_done(self, batches: int | None) -> None:
        self._steps.epoch_is_done(batches)

    def assigned(self, rate: float | None) -> None:
        pass


def _is_trained_by_keras(model: Any, optimizer: Any) -> bool:
    """Whether Keras' own code takes the steps; others' may assign what it likes, in a graph."""
    if model is None or is_multi(optimizer):
        return False
    if trains_itself(type(model)) or "train_step" in vars(model):
        return False
    return type(optimizer).__module__.startswith("keras.")
