"""How a training went: epochs asked and done, steps, samples, and why it stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from .._inspection.fit_call import FitCall as Facts
from .._inspection.layers import direct_layers
from .._inspection.numbers import number_of
from .._inspection.stoppers import keras_own_stopper, users_stoppers
from .trials import is_pruning

__all__ = ["Progress", "steps_taken"]

FINISHED, EXHAUSTED = "finished", "data exhausted"


@dataclass
class Progress:
    """What is counted while a training runs.

    Attributes:
        start_epoch: the first epoch that was trained, counted from 0.
        epochs: how many ended.
        next_epoch: the one after the last.
        steps_before: what the optimizer had counted before.
        logs: what Keras measured last.
        batches: what was counted of data whose length nobody knows; None for arrays.
        of_first: of them, those of the first epoch.
        shrunk: whether a later one had fewer.
    """

    start_epoch: int | None = None
    epochs: int = 0
    next_epoch: int = 0
    steps_before: int | None = None
    logs: Mapping[str, Any] = field(default_factory=dict)
    batches: int | None = None
    of_first: int | None = None
    shrunk: bool = False

    def count_batches(self, batches: int) -> None:
        """Note how many were trained by the end of an epoch, or of the training."""
        if self.of_first is None:
            self.of_first = batches
        elif batches - (self.batches or 0) < self.of_first:
            self.shrunk = True
        self.batches = batches

    def outcome(self, facts: Facts, elapsed: float, error: BaseException | None) -> list[Any]:
        """Values of the columns of ``oTrainingEnd``, after its timestamp."""
        asked = facts.arguments.get("epochs")
        reason, detail = self._reason(facts, error)
        steps, samples = self._steps(facts), facts.samples
        return [
            elapsed, asked, self.epochs, facts.arguments.get("initial_epoch"), self.start_epoch,
            steps, samples, reason, detail, _best_epoch(facts), len(direct_layers(facts.model)),
        ]  # fmt: skip

    def _reason(self, facts: Facts, error: BaseException | None) -> tuple[str, str | None]:
        if error is not None:
            return _reason_of(error), type(error).__name__
        if self.epochs and getattr(facts.model, "stop_training", False):
            stopper = keras_own_stopper(facts.callbacks, self.logs)
            if stopper is not None:
                return stopper, None
            return "stop_training", users_stoppers(facts.callbacks, facts.model)
        if self.epochs and (self._fell_short(facts) or self._was_read_once(facts)):
            return EXHAUSTED, None
        asked, limit = facts.arguments.get("epochs") or 0, _limit("max_epochs")
        if limit and limit < asked and limit <= max(self.next_epoch, _first_epoch(facts)):
            return "max_epochs", f"keras.config.set_max_epochs({limit})"
        if not self.epochs and asked:
            return FINISHED, f"no epoch was left: epochs={asked}, begun at {_first_epoch(facts)}"
        return (FINISHED if self.next_epoch >= asked else EXHAUSTED), None

    def _fell_short(self, facts: Facts) -> bool:
        """Whether the data gave fewer steps than each epoch was to have."""
        steps, most = facts.arguments.get("steps_per_epoch"), _limit("max_steps_per_epoch")
        taken = self._steps(facts)
        if not steps or taken is None:
            return False
        wanted: int = self.epochs * (min(steps, most) if most else steps)
        return taken < wanted

    def _was_read_once(self, facts: Facts) -> bool:
        """Whether an iterator was at its end: Keras goes on with the batches it had looked at."""
        is_iterator = hasattr(type(facts.arguments.get("x")), "__next__")
        return is_iterator and (self.shrunk or self.batches == 0)

    def _steps(self, facts: Facts) -> int | None:
        """Batches trained: counted, else what the optimizer counts (a `train_step` may not).

        TensorFlow's pipelines of unknown length end with a step without data, which an optimizer
        may count, too. With `steps_per_execution` the count is of whole executions.
        """
        after = steps_taken(facts.optimizer)
        counted = None
        if after is not None and self.steps_before is not None and after > self.steps_before:
            counted = after - self.steps_before
        if self.batches is None:
            return counted
        each = _steps_per_execution(facts)
        batches = self.batches * each
        in_bounds = counted is not None and batches - each * (self.epochs + 1) < counted < batches
        return counted if each > 1 and in_bounds else batches


def steps_taken(optimizer: Any) -> int | None:
    """What an optimizer has counted; with gradient accumulation it counts every batch."""
    try:
        return int(number_of(optimizer._iterations))
    except (AttributeError, TypeError, ValueError):  # none yet
        return None


def _reason_of(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupt"
    if is_pruning(error):
        return "pruned"
    return "exit" if isinstance(error, SystemExit) else "exception"


def _steps_per_execution(facts: Facts) -> int:
    steps = getattr(facts.model, "steps_per_execution", 1)
    return steps if isinstance(steps, int) else 1


def _first_epoch(facts: Facts) -> int:
    return getattr(facts.model, "_initial_epoch", None) or facts.arguments.get("initial_epoch") or 0


def _limit(name: str) -> int | None:
    """What `keras.config` shortens trainings to, for debugging."""
    limit: int | None = getattr(keras.config, name, lambda: None)()
    return limit


def _best_epoch(facts: Facts) -> int | None:
    """Of the EarlyStopping that stopped the training, else of the first that saw its metric."""
    found = [
        each
        for each in facts.callbacks
        if isinstance(each, keras.callbacks.EarlyStopping) and _is_known(each.best)
    ]
    found.sort(key=lambda each: each.stopped_epoch == 0)
    return int(found[0].best_epoch) if found else None


def _is_known(best: Any) -> bool:
    """Whether a metric was there; before, `best` is None, or an infinity in older versions."""
    try:
        return best is not None and not math.isinf(best)
    except TypeError:
        return False
