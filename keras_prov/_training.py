"""One `fit()` from Keras' side: two callbacks that watch it, and how it ended.

The head stands first in Keras' list of callbacks, so that an epoch is recorded even when a user's
callback raises; the tail stands last, so that it sees the learning rate which a user's callback has
set. They have epoch hooks only: a batch hook could force a device synchronization per batch.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import keras

from ._guard import guarded
from ._hyperparameters import KNOWN, Facts, learning_rate
from ._layers import layer_rows
from ._recorder import Execution, TrainingTask

__all__ = ["Training"]


class Training:
    """What is recorded of one `fit()`; `head` and `tail` are Keras callbacks.

    Args:
        execution: where to record.
        model: the model that is fitted.
        arguments: the arguments of `fit`, with its defaults.
    """

    def __init__(self, execution: Execution, model: Any, arguments: Mapping[str, Any]) -> None:
        self._execution = execution
        self._facts = Facts(model, arguments)
        self._task: TrainingTask | None = None
        self._epoch_began = time.perf_counter()
        self._next_epoch = 0
        self._rate: float | None = None
        self.head, self.tail = _Head(self), _Tail(self)

    def begin(self) -> None:
        """Record the hyperparameters and the layers, now that the model is built."""
        consent = self._execution.consent
        values = {}
        for key in consent.keys:
            with guarded(f"reading {key}"):
                values[key] = KNOWN[key].read(self._facts)
        layers = list(layer_rows(self._facts.model)) if consent.keys else []
        self._task = self._execution.begin_training(values, layers)
        self._rate = self._read_rate()

    def epoch_begins(self) -> None:
        """Start the clock of an epoch."""
        self._epoch_began = time.perf_counter()

    def rate_is_set(self, epoch: int) -> None:
        """Look at the learning rate once the user's callbacks have set it for `epoch`."""
        self._adapt(epoch)

    def epoch_ends(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Record an epoch with what Keras measured."""
        elapsed = time.perf_counter() - self._epoch_began
        self._next_epoch = epoch + 1
        if self._task is not None:
            self._task.epoch(epoch, elapsed, logs, self._rate)

    def end(self, error: BaseException | None) -> None:
        """Record how the training ended; one that failed before it began is begun here."""
        if self._task is None:
            self.begin()
        elif error is None:
            self._adapt(self._next_epoch)
        if self._task is not None:
            self._task.end(error)

    def _adapt(self, epoch: int) -> None:
        rate = self._read_rate()
        if self._task is not None and rate is not None and rate != self._rate:
            if not self._is_scheduled():
                self._task.adaptation(epoch, rate)
            self._rate = rate

    def _read_rate(self) -> float | None:
        return learning_rate(self._facts.optimizer) if self._execution.consent.adaptation else None

    def _is_scheduled(self) -> bool:
        """A schedule's rate belongs to each epoch; it is no adaptation of the configuration."""
        rate = getattr(self._facts.optimizer, "_learning_rate", None)
        return isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)


class _Head(keras.callbacks.Callback):
    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._training.epoch_begins()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the end of an epoch"):
            self._training.epoch_ends(epoch, logs or {})


class _Tail(keras.callbacks.Callback):
    def __init__(self, training: Training) -> None:
        super().__init__()
        self._training = training

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the beginning of a training"):
            self._training.begin()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the learning rate of an epoch"):
            self._training.rate_is_set(epoch)
