"""The two Keras callbacks that watch a `fit()`: the first and the last of its list.

The first one records an epoch even when a user's callback raises. The last one sees the learning
rate and the metrics as the user's callbacks have left them. Neither has a batch hook that reads
anything, since that would synchronize with the device at each batch. Only BATCH_METRICS asks for
such a hook: `BatchLastCallback` has it.

What is called at every epoch calls few functions of ours: between two steps, the processor's caches
hold none of them, and each takes microseconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any, Protocol

import keras

from dfanalyzer_client.declarations.steering import SteeringAction, SteeringInbox

from .._guard import guarded

__all__ = [
    "BatchLastCallback",
    "CountingFirstCallback",
    "FirstCallback",
    "LastCallback",
    "Monitor",
    "last_callback",
]

EPOCH_END = "the end of an epoch"

IN_EPOCHS = frozenset({SteeringAction.PAUSE, SteeringAction.STOP_NOW})
"""What cannot wait for the end of an epoch."""


class Monitor(Protocol):
    """What the callbacks report to: see `Training`."""

    def begin(self) -> None:
        """The training begins."""

    def epoch_begins(self, epoch: int) -> None:
        """An epoch begins; no other callback has been called for it yet."""

    def rate_is_set(self, epoch: int) -> None:
        """All other callbacks have been called for the beginning of the epoch."""

    def batch_ends(self, batch: int, logs: Mapping[str, Any]) -> None:
        """A batch has ended, or several that Keras ran in one step."""

    def epoch_is_done(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """An epoch has ended; no other callback has been called for that yet."""

    def epoch_ends(self, logs: Mapping[str, Any] | None = None) -> None:
        """All other callbacks have been called for the end of the epoch."""

    def answers_after(self, epoch: int) -> None:
        """The epoch is recorded; requests may be answered."""

    def answers_before(self, batch: int) -> None:
        """A request has come, and a step is about to begin at this batch."""


class FirstCallback(keras.callbacks.Callback):
    """Is called before the user's callbacks."""

    def __init__(self, training: Monitor) -> None:
        super().__init__()
        self._training = training

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._training.epoch_begins(epoch)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        try:
            self._training.epoch_is_done(epoch, logs or {})
        except Exception as error:
            if not guarded(EPOCH_END, self._training).takes(error):
                raise


class CountingFirstCallback(FirstCallback):
    """Also counts batches, for data of unknown length. Its batch hook reads nothing.

    Keras may call it asynchronously, from several threads. With `async_safe` it decides on that as
    if this callback were not there.
    """

    async_safe = True

    def __init__(self, training: Monitor) -> None:
        super().__init__(training)
        self._counter, self._reads = itertools.count(), 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        next(self._counter)

    def batches(self) -> int:
        """How many there were. Reading the counter advances it, so reads are subtracted."""
        self._reads += 1
        return next(self._counter) - self._reads + 1


class LastCallback(keras.callbacks.Callback):
    """Is called after the user's callbacks."""

    def __init__(self, training: Monitor) -> None:
        super().__init__()
        self._training = training

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the beginning of a training", self._training):
            self._training.begin()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        try:
            self._training.rate_is_set(epoch)
        except Exception as error:
            if not guarded("the learning rate of an epoch", self._training).takes(error):
                raise

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        try:
            self._training.epoch_ends({} if logs is None else logs)
        except Exception as error:
            if not guarded(EPOCH_END, self._training).takes(error):
                raise


class BatchLastCallback(LastCallback):
    """Also reads the metrics of batches."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("the end of a batch", self._training):
            self._training.batch_ends(batch, logs or {})


class _Steered(LastCallback):
    """Also lets requests be answered at the end of each epoch, when all callbacks have acted."""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        self.answer(epoch)

    def answer(self, epoch: int) -> None:
        """Let requests be answered; this is all that steering adds to an epoch."""
        with guarded("steering at the end of an epoch", self._training):
            self._training.answers_after(epoch)


class _SteeredInEpochs(_Steered):
    """Also before each step. Keras calls that hook on the training's thread, never another one.

    It is no hook of a batch's end, by which Keras decides whether it calls those asynchronously.
    """

    inbox: SteeringInbox

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self.inbox.has_news:
            with guarded("steering between two steps", self._training):
                self._training.answers_before(batch)


class _SteeredBatches(_Steered, BatchLastCallback):
    pass


class _SteeredInEpochsBatches(_SteeredInEpochs, BatchLastCallback):
    pass


def last_callback(
    training: Monitor, every_batch: bool, steering: Collection[SteeringAction], inbox: SteeringInbox
) -> LastCallback:
    """The last callback, with no more hooks than what was asked for needs.

    Args:
        training: what it reports to.
        every_batch: whether it reads the metrics of batches.
        steering: what may be asked of the training.
        inbox: where requests come.
    """
    if not steering:
        return BatchLastCallback(training) if every_batch else LastCallback(training)
    if not IN_EPOCHS.intersection(steering):
        return _SteeredBatches(training) if every_batch else _Steered(training)
    steered = _SteeredInEpochsBatches(training) if every_batch else _SteeredInEpochs(training)
    steered.inbox = inbox
    return steered
