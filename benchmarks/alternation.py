"""One compiled model, trained again and again with each arm in turn (A B, B A, A B, …).

Plain fits are of Keras without our patches. The times of an epoch begin with the second of a fit,
because the first one also contains what a `fit()` does once.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .epoch_calls import EPOCH_CALLS, epochs_of, timed_for_now
from .paired import alternating

__all__ = [
    "ARMS",
    "LEAST_EPOCHS",
    "SEVEN",
    "WITHOUT_STORE",
    "EpochClock",
    "Fit",
    "Moment",
    "Trainer",
    "batches_for",
    "epochs_for",
    "fit_of",
]

ARMS = ("plain", "empty callbacks", "captured")
SEVEN = dict.fromkeys(
    [
        *("OPTIMIZER_NAME", "LEARNING_RATE", "DECAY", "MOMENTUM"),
        *("NUM_EPOCHS", "BATCH_SIZE", "NUM_LAYERS"),
    ],
    True,
)
LEAST_EPOCHS = 3
"""The fewest epochs of a fit: one of them lies between the first and the last."""

TOLERANCE, MOST_TRIES, MOST_GROWTH = 0.2, 8, 8
SHORT = 0.1
"""Seconds of an epoch below which a single one is no measurement."""

FLUSH_SECONDS = 60.0

WITHOUT_STORE = {"KERAS_PROV_STORE": "monetdb://nobody@127.0.0.1:1/none"}
"""A server that never answers, so that rows stay in the journal."""

Moment = tuple[float, float]
"""Seconds by the clock, and CPU seconds of the training thread."""


@dataclass(frozen=True)
class Fit:
    """What one `fit()` took, in seconds.

    Attributes:
        whole: the call.
        thread: CPU of the training thread meanwhile.
        process: CPU of all threads of the process, until all rows were stored.
        epoch: an epoch by the clock, the median from the second to the last but one.
        epoch_thread: CPU of the training thread for each of these epochs, their mean.
        epoch_process: `process`, for each epoch.
        once: what the call took beside its epochs, in CPU of the training thread.
    """

    whole: float
    thread: float
    process: float
    epoch: float
    epoch_thread: float
    epoch_process: float
    once: float


class EpochClock:
    """Notes when each epoch begins, before all callbacks; the same in all arms."""

    def __init__(self, keras: Any) -> None:
        self.moments: list[Moment] = []
        owner = keras.callbacks.CallbackList
        original = owner.on_epoch_begin

        def on_epoch_begin(callbacks: Any, epoch: int, logs: Any = None) -> None:
            self.moments.append((time.perf_counter(), time.thread_time()))
            original(callbacks, epoch, logs)

        owner.on_epoch_begin = on_epoch_begin


@dataclass
class Trainer:
    """Trains one model with each arm in turn.

    Attributes:
        keras: the module `keras_prov`.
        model: what is trained; captured, as soon as Keras is instrumented.
        data: inputs and targets, as many as the longest epoch needs.
        batch: rows of a batch.
        clock: notes when epochs begin.
        arms: what is compared, some of `ARMS`; the first one is the base.
        batches: how many an epoch has; `calibrate` chooses it.
        is_one_pass: whether a fit goes through the data once, with `steps_per_epoch`, instead of
            once in each epoch: TensorFlow takes 10 ms and more to begin with them again.
        is_stored: whether a server stores the rows; else they stay in the journal.
    """

    keras: Any
    model: Any
    data: tuple[Any, Any]
    batch: int
    clock: EpochClock
    arms: Sequence[str] = ARMS
    batches: int = 2
    is_one_pass: bool = False
    is_stored: bool = True

    def compile(self) -> None:
        """Let Keras compile, and us store what is stored once, with each arm."""
        for arm in self.arms:
            self.fit(arm, 2)

    def calibrate(self, seconds: float) -> None:
        """Choose how many batches a plain epoch of so many seconds has."""
        most = len(self.data[0]) // self.batch
        epochs = LEAST_EPOCHS + (2 if seconds < SHORT else 0)
        for _ in range(MOST_TRIES):
            before = self.batches
            found = self.fit("plain", epochs).epoch
            self.batches = batches_for(seconds, before, found, most)
            if abs(self.batches - before) <= TOLERANCE * before:
                break
        for arm in self.arms:
            self.fit(arm, LEAST_EPOCHS)

    def alternate(self, seconds: float, rounds: int, epochs: int) -> dict[str, list[Fit]]:
        """Fits by arm, until the time is over or there are so many rounds; always whole blocks."""
        found: dict[str, list[Fit]] = {arm: [] for arm in self.arms}
        until = time.perf_counter() + seconds
        for number, arm in alternating(self.arms, rounds + rounds % 2):
            begins_block = number % 2 == 0 and arm == self.arms[0]
            if number and begins_block and time.perf_counter() > until:
                break
            found[arm].append(self.fit(arm, epochs))
        return found

    def inside(self, seconds: float, epochs: int) -> list[list[float]]:
        """Seconds in our code on the training thread, by epoch, in further captured fits."""
        from keras_prov._training import monitor

        found: list[list[float]] = []
        until = time.perf_counter() + seconds
        with timed_for_now(monitor.Training, *EPOCH_CALLS) as calls:
            while not found or time.perf_counter() < until:
                calls.clear()
                self.fit("captured", epochs)
                found.append(epochs_of(calls)[1:])
        return found

    def fit(self, arm: str, epochs: int) -> Fit:
        """One training; those that are not captured are of Keras without our patches."""
        (self.keras.instrument if arm == "captured" else self.keras.uninstrument)()
        callbacks = [_empty(self.keras), _empty(self.keras)] if arm == ARMS[1] else []
        given = {"batch_size": self.batch, "epochs": epochs, "verbose": 0, "callbacks": callbacks}
        rows = self.batches * self.batch
        if self.is_one_pass:
            rows *= epochs
            given["steps_per_epoch"] = self.batches
        x, y = (array[:rows] for array in self.data)
        self.clock.moments.clear()
        processes = time.process_time()
        began = time.perf_counter(), time.thread_time()
        self.model.fit(x, y, **given)
        ended = time.perf_counter(), time.thread_time()
        if self.is_stored:  # in all arms, so that no fit is disturbed by another's rows
            self.keras.flush(FLUSH_SECONDS)
        process = time.process_time() - processes
        return fit_of([began, *self.clock.moments, ended], process)


def fit_of(moments: Sequence[Moment], process: float) -> Fit:
    """The times of a fit whose begin, epochs' begins and end were at these moments."""
    (began, worked), *begins, (ended, at_end) = moments
    inner = begins[1:] if len(begins) > 2 else begins
    if len(inner) < 2:
        inner = [moments[0], moments[-1]]
    lasted = [after[0] - before[0] for before, after in itertools.pairwise(inner)]
    cpu = (inner[-1][1] - inner[0][1]) / len(lasted)
    whole, thread = ended - began, at_end - worked
    return Fit(
        whole=whole,
        thread=thread,
        process=process,
        epoch=statistics.median(lasted),
        epoch_thread=cpu,
        epoch_process=process / len(begins),
        once=thread - len(begins) * cpu,
    )


def batches_for(seconds: float, batches: int, found: float, most: int) -> int:
    """How many batches an epoch of so many seconds has, if one of `batches` takes `found`.

    They grow by a factor of 8 at most, because one measurement may be wrong.
    """
    wanted = round(batches * seconds / found)
    return max(1, min(wanted, MOST_GROWTH * batches, most))


def epochs_for(epoch: float, seconds: float, most: int) -> int:
    """How many epochs a fit of about so many seconds has."""
    return min(most, max(LEAST_EPOCHS, round(seconds / epoch)))


def _empty(keras: Any) -> Any:
    class Empty(keras.callbacks.Callback):
        """Does nothing where ours do something."""

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            """Nothing."""

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            """Nothing."""

    return Empty()
