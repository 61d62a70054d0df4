"""How a training went: epochs asked and done, steps, samples, and why it stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from ._facts import Facts
from ._layers import direct_layers
from ._rates import number_of
from ._trials import is_pruning

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
    """

    start_epoch: int | None = None
    epochs: int = 0
    next_epoch: int = 0
    steps_before: int | None = None
    logs: Mapping[str, Any] = field(default_factory=dict)

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
        stopper = _stopper(facts, self.logs)
        if stopper is not None:
            return stopper, None
        asked, steps = facts.arguments.get("epochs") or 0, facts.arguments.get("steps_per_epoch")
        taken = self._steps(facts)
        if steps and taken is not None and taken < steps * self.epochs:
            return EXHAUSTED, None
        if self.next_epoch >= asked:
            return FINISHED, None
        if getattr(facts.model, "stop_training", False):
            return "stop_training", None
        limit = getattr(keras.config, "max_epochs", lambda: None)()
        if limit and limit <= self.next_epoch:
            return "max_epochs", f"keras.config.set_max_epochs({limit})"
        return EXHAUSTED, None

    def _steps(self, facts: Facts) -> int | None:
        """Batches trained, where the optimizer counts them (a custom `train_step` may not)."""
        after = steps_taken(facts.optimizer)
        if after is None or self.steps_before is None or after <= self.steps_before:
            return None
        return after - self.steps_before


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


def _stopper(facts: Facts, logs: Mapping[str, Any]) -> str | None:
    """The callback of Keras' that has set `stop_training`."""
    if not getattr(facts.model, "stop_training", False):
        return None
    for each in facts.callbacks:
        if isinstance(each, keras.callbacks.EarlyStopping) and each.stopped_epoch > 0:
            return type(each).__name__
        if isinstance(each, keras.callbacks.TerminateOnNaN) and not _finite(logs.get("loss")):
            return type(each).__name__
    return None


def _finite(loss: Any) -> bool:
    return isinstance(loss, (int, float)) and math.isfinite(loss)


def _best_epoch(facts: Facts) -> int | None:
    for each in facts.callbacks:
        if isinstance(each, keras.callbacks.EarlyStopping):
            best = getattr(each, "best_epoch", None)
            return None if best is None else int(best)
    return None
