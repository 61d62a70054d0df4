"""The callbacks that make recorded changes again."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

import keras

from .._guard import guarded
from .._inspection.learning_rate import learning_rate
from .._inspection.optimizers import main_optimizer
from .._recording.events import REPLAY, Adaptation
from .._recording.execution import Execution
from .._recording.registry import known_execution
from .._tracking.attribution import Attribution, attributed, note_stop
from .._tracking.frames import callbacks_beside
from .plan import RATE, Change, Plan
from .targets import set_value, targets_of, value_of

__all__ = ["BatchReplay", "Replay"]

_logger = logging.getLogger("keras_prov")


class Replay(keras.callbacks.Callback):
    """Makes the changes of a plan, at the beginnings of epochs."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self._pending: list[tuple[Change, list[Any]]] = []
        self._execution: Execution | None = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Find what is to be changed; raises ValueError if this training lacks it."""
        model, callbacks = self.model, callbacks_beside(sys._getframe(1))
        self._pending = [
            (change, targets_of(change, model, callbacks)) for change in self.plan.changes
        ]
        self._execution = None
        with guarded("replay()", model, lost="which execution is replayed"):
            self._link(model)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Make the changes that hold from the beginning of `epoch`, or did before."""
        self._make(epoch, None)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Stop after the epoch after which somebody has stopped the training."""
        if self.plan.stop is not None and epoch >= self.plan.stop.epoch:
            self._stop()

    def _link(self, model: Any) -> None:
        """Have the execution of this training, if there is one, say what it replays."""
        execution = self._execution = known_execution(model)
        if execution is None:
            return
        execution.replayed = len(self.plan.changes)
        if execution.tag != self.plan.execution:
            execution.derived_from.add(self.plan.execution)

    def _make(self, epoch: int, batch: int | None) -> None:
        """Make the changes that hold now; `batch` is the one that ended last in `epoch`."""
        while self._pending and _is_due(self._pending[0][0], epoch, batch):
            change, targets = self._pending.pop(0)
            model = self.model
            for target in targets:
                old = value_of(target, change, model)
                if old not in (change.old, change.new):
                    _logger.warning(
                        "%s was %r before it was changed at epoch %d of %s, and is %r here: this "
                        "training is not the same.",
                        change.attribute, change.old, change.epoch, self.plan.execution, old,
                    )  # fmt: skip
                with attributed(Attribution(REPLAY, change.cause, batch)):
                    set_value(target, change)
            if change.attribute != RATE:
                with guarded("replay()", model, lost="a change that was replayed"):
                    self._record(change, epoch, batch)

    def _record(self, change: Change, epoch: int, batch: int | None) -> None:
        """Record a change that is not one of the rate, which is watched anyway."""
        execution = self._execution
        if execution is None or not execution.config.adaptation:
            return
        rate = learning_rate(main_optimizer(self.model), self.model)
        execution.record_adaptation(
            Adaptation(
                epoch,
                rate,
                rate,
                REPLAY,
                change.cause,
                change.optimizer,
                attribute=change.attribute,
                old_value=json.dumps(change.old),
                new_value=json.dumps(change.new),
                batch=batch,
            )
        )

    def _stop(self) -> None:
        self.model.stop_training = True
        if self._execution is not None and self.plan.stop is not None:
            note_stop(self.model, REPLAY, self.plan.stop.detail)

    def __repr__(self) -> str:
        plan = self.plan
        parts = [f"{len(plan.changes)} changes of {plan.execution!r}"]
        parts += [f"stop after epoch {plan.stop.epoch}"] if plan.stop is not None else []
        parts += [f"left out: {'; '.join(plan.left_out)}"] if plan.left_out else []
        return f"<keras_prov.replay: {', '.join(parts)}>"


class BatchReplay(Replay):
    """Also makes changes between two steps.

    It acts before a step, where Keras calls all callbacks in turn, and in its own thread.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._epoch, self._before, self._last = 0, 0, -1

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Find what is to be changed; see `Replay`."""
        super().on_train_begin(logs)
        self._before, self._last = 0, -1

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Make changes, and count the batches of the epoch before."""
        super().on_epoch_begin(epoch, logs)
        self._epoch, self._before, self._last = epoch, self._before + self._last + 1, -1

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Make the changes that hold after the batches before, and stop after the last step."""
        self._last = batch + (getattr(self._model, "steps_per_execution", 1) or 1) - 1
        if self._pending and batch:
            self._make(self._epoch, batch - 1)
        stop = self.plan.stop
        steps = None if stop is None else stop.steps
        if steps is not None and self._before + self._last + 1 >= steps:
            self._stop()


def _is_due(change: Change, epoch: int, batch: int | None) -> bool:
    if change.epoch != epoch:
        return change.epoch < epoch
    return change.batch is None or (batch is not None and change.batch <= batch)
