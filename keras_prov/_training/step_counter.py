"""An optimizer's step at each epoch's begin, counted by what Keras has trained instead of read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from .._inspection.fit_call import FitCall
from .._inspection.learning_rate import step_of
from .._inspection.optimizers import without_scaling
from .assignment_watch import assignment_watch

__all__ = ["StepCounter", "batches_per_epoch"]


class StepCounter:
    """Counts the steps of an optimizer during a training.

    The step is read when the training begins and after its first epoch. If it differs there from
    the count, it is read at each epoch; likewise where nothing can be counted. TensorFlow's
    pipelines of unknown length, for instance, end with a step that has no data.

    Args:
        optimizer: the optimizer.
        model: the model that it trains.
        callbacks: the user's callbacks.
        per_epoch: batches of each epoch; None if they are counted.
    """

    def __init__(
        self, optimizer: Any, model: Any, callbacks: Sequence[Any], per_epoch: int | None
    ) -> None:
        self._optimizer, self._model, self._per_epoch = optimizer, model, per_epoch
        self._watch = assignment_watch(optimizer._iterations, callbacks)
        self._is_countable = _takes_every_step(model)
        self._step: int | None = None
        self._epochs = self._batches = 0
        self._is_right = False

    def step(self, *, at_end: bool) -> int:
        """The step now; at the end of a training, which may be within an epoch, it is read."""
        if at_end:
            step, self._step = self._read(), None  # what is counted begins with an epoch
            return step
        known = self._step
        is_sure = self._is_right or not self._epochs
        if known is None or not is_sure or self._watch.may_be_assigned():
            return self._read()
        return known

    def epoch_is_done(self, batches: int | None) -> None:
        """Count an epoch; `batches` is the number since the training began, if it is known."""
        steps = self._per_epoch
        if batches is not None:
            steps = batches - self._batches if _runs_single_steps(self._model) else None
            self._batches = batches
        self._epochs += 1
        # a callback may have stopped this epoch only, and not the training
        if steps is None or not self._is_countable or getattr(self._model, "stop_training", False):
            self._step = None
        elif self._step is not None:
            self._step += steps
            self._watch.epoch_is_done(steps)

    def _read(self) -> int:
        step = step_of(self._optimizer, self._model)
        if self._epochs == 1:
            self._is_right = step == self._step
        self._step = step
        self._watch.seen()
        return step


def batches_per_epoch(fit_call: FitCall) -> int | None:
    """How many batches each epoch has, if all have as many; else they have to be counted.

    With `steps_per_epoch`, arrays may end within an epoch, which then has fewer.
    """
    samples, size = fit_call.samples, fit_call.batch_size
    limit = getattr(keras.config, "max_steps_per_epoch", lambda: None)()
    if samples is None or not size or fit_call.arguments.get("steps_per_epoch") or limit:
        return None
    return math.ceil(samples / size)


def _takes_every_step(model: Any) -> bool:
    """Whether no step is left out; loss scaling skips those whose gradients are not finite."""
    return without_scaling(model.optimizer) is model.optimizer


def _runs_single_steps(model: Any) -> bool:
    return getattr(model, "steps_per_execution", 1) == 1
