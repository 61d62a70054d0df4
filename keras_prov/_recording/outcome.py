"""How a training ended: epochs asked for and done, steps, samples, and why it stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from dfanalyzer_client.keras_schema import names as tags

from .._inspection.fit_call import FitCall
from .._inspection.layers import direct_layers
from .._inspection.numbers import number_of
from .._inspection.stoppers import keras_stopper, user_stoppers
from .._tracking.attribution import forget_stop
from .events import STEERING
from .rows import Row
from .trials import is_pruning

__all__ = ["FINISHED", "Progress", "reason_of", "steps_taken"]

FINISHED, EXHAUSTED = "finished", "data exhausted"


@dataclass
class Progress:
    """What is counted during a training.

    Attributes:
        start_epoch: the first epoch that was trained, counted from 0.
        epochs: how many have ended.
        next_epoch: the one after the last.
        steps_before: the optimizer's step count before the training.
        logs: what Keras measured last.
        batches: the batches counted, if the length of the data is unknown; None for arrays.
        of_first: how many of them were in the first epoch.
        shrunk: whether a later epoch had fewer.
        steered: who has stopped the training from outside, and why.
    """

    start_epoch: int | None = None
    epochs: int = 0
    next_epoch: int = 0
    steps_before: int | None = None
    logs: Mapping[str, Any] = field(default_factory=dict)
    batches: int | None = None
    of_first: int | None = None
    shrunk: bool = False
    steered: str | None = None

    def count_batches(self, batches: int) -> None:
        """Note how many batches were trained until the end of an epoch, or of the training."""
        if self.of_first is None:
            self.of_first = batches
        elif batches - (self.batches or 0) < self.of_first:
            self.shrunk = True
        self.batches = batches

    def outcome(self, fit_call: FitCall, elapsed: float, error: BaseException | None) -> Row:
        """The row of ``oTrainingEnd``, without its time."""
        reason, detail = self._reason(fit_call, error)
        return {
            tags.ELAPSED_TIME: elapsed,
            tags.EPOCHS_ASKED: fit_call.arguments.get("epochs"),
            tags.EPOCHS_DONE: self.epochs,
            tags.INITIAL_EPOCH: fit_call.arguments.get("initial_epoch"),
            tags.START_EPOCH: self.start_epoch,
            tags.STEPS: self._steps(fit_call),
            tags.SAMPLES: fit_call.samples,
            tags.STOP_REASON: reason,
            tags.STOP_DETAIL: detail,
            tags.BEST_EPOCH: _best_epoch(fit_call),
            tags.NUM_LAYERS: len(direct_layers(fit_call.model)),
        }

    def _reason(self, fit_call: FitCall, error: BaseException | None) -> tuple[str, str | None]:
        noted = forget_stop(fit_call.model)
        if error is not None:
            return reason_of(error), type(error).__name__
        if self.epochs and getattr(fit_call.model, "stop_training", False):
            if self.steered is not None:
                return STEERING, self.steered
            if noted is not None:
                return noted
            stopper = keras_stopper(fit_call.callbacks, self.logs)
            if stopper is not None:
                return stopper, None
            return "stop_training", user_stoppers(fit_call.callbacks, fit_call.model)
        if self.epochs and (self._fell_short(fit_call) or self._was_read_once(fit_call)):
            return EXHAUSTED, None
        asked, limit = fit_call.arguments.get("epochs") or 0, _limit("max_epochs")
        if limit and limit < asked and limit <= max(self.next_epoch, _first_epoch(fit_call)):
            return "max_epochs", f"keras.config.set_max_epochs({limit})"
        if not self.epochs and asked:
            return FINISHED, f"no epoch was left: epochs={asked}, begun at {_first_epoch(fit_call)}"
        return (FINISHED if self.next_epoch >= asked else EXHAUSTED), None

    def _fell_short(self, fit_call: FitCall) -> bool:
        """Whether the data had fewer batches than `steps_per_epoch` asks for."""
        steps, most = fit_call.arguments.get("steps_per_epoch"), _limit("max_steps_per_epoch")
        taken = self._steps(fit_call)
        if not steps or taken is None:
            return False
        wanted: int = self.epochs * (min(steps, most) if most else steps)
        return taken < wanted

    def _was_read_once(self, fit_call: FitCall) -> bool:
        """Whether an iterator was exhausted: Keras goes on with the batches it has peeked at."""
        is_iterator = hasattr(type(fit_call.arguments.get("x")), "__next__")
        return is_iterator and (self.shrunk or self.batches == 0)

    def _steps(self, fit_call: FitCall) -> int | None:
        """Batches trained: as counted here, else as the optimizer counts (a `train_step` may not).

        TensorFlow's pipelines of unknown length end with a step without data, which an optimizer
        may count as well. With `steps_per_execution`, whole executions are counted here.
        """
        after = steps_taken(fit_call.optimizer)
        counted = None
        if after is not None and self.steps_before is not None and after > self.steps_before:
            counted = after - self.steps_before
        if self.batches is None:
            return counted
        steps = _steps_per_execution(fit_call)
        batches = self.batches * steps
        in_bounds = counted is not None and batches - steps * (self.epochs + 1) < counted < batches
        return counted if steps > 1 and in_bounds else batches


def steps_taken(optimizer: Any) -> int | None:
    """The step count of an optimizer; with gradient accumulation it counts every batch."""
    try:
        return int(number_of(optimizer._iterations))
    except (AttributeError, TypeError, ValueError):  # it has not counted yet
        return None


def reason_of(error: BaseException) -> str:
    """What is recorded of a training that ended with this error."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupt"
    if is_pruning(error):
        return "pruned"
    return "exit" if isinstance(error, SystemExit) else "exception"


def _steps_per_execution(fit_call: FitCall) -> int:
    steps = getattr(fit_call.model, "steps_per_execution", 1)
    return steps if isinstance(steps, int) else 1


def _first_epoch(fit_call: FitCall) -> int:
    return (
        getattr(fit_call.model, "_initial_epoch", None)
        or fit_call.arguments.get("initial_epoch")
        or 0
    )


def _limit(name: str) -> int | None:
    """The limit that `keras.config` sets on trainings, for debugging."""
    limit: int | None = getattr(keras.config, name, lambda: None)()
    return limit


def _best_epoch(fit_call: FitCall) -> int | None:
    """The best epoch of the EarlyStopping that stopped the training, else of the first in use."""
    found = [
        callback
        for callback in fit_call.callbacks
        if isinstance(callback, keras.callbacks.EarlyStopping) and _is_known(callback.best)
    ]
    found.sort(key=lambda callback: callback.stopped_epoch == 0)
    return int(found[0].best_epoch) if found else None


def _is_known(best: Any) -> bool:
    """Whether a metric was measured; before, `best` is None, in older versions an infinity."""
    try:
        return best is not None and not math.isinf(best)
    except TypeError:
        return False
