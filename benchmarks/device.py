"""What capture adds where a model trains on a GPU: `python -m benchmarks.device --help`.

For each backend, a process of its own compiles one model and trains it again and again in
alternation: plain, with two callbacks that do nothing, and captured (A B C, C B A, …). All three
are fits of the same model with the same compiled step, in epochs of about 30 ms. It needs no
network and no time for other processes to start, so it takes about 4 minutes on any machine. If
the private server does not run there, the journal alone is written; the first lines say so.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .figures import machine
from .homes import process_home
from .paired import added, alternating, compared

__all__ = ["main"]

BACKENDS = ("jax", "torch")
ARMS = ("plain", "empty callbacks", "captured")
RATES = ("constant", "scheduled")
EPOCH = 0.030
"""Seconds of an epoch that are aimed at."""

EPOCHS, BATCH, MOST_BATCHES = 20, 64, 64
TAG = "device"
SEVEN = dict.fromkeys(
    [
        *("OPTIMIZER_NAME", "LEARNING_RATE", "DECAY", "MOMENTUM"),
        *("NUM_EPOCHS", "BATCH_SIZE", "NUM_LAYERS"),
    ],
    True,
)
EPOCH_CALLS = ("epoch_begins", "rate_is_set", "epoch_is_done", "epoch_ends")


@dataclass(frozen=True)
class Fit:
    """One `fit()`: its seconds, its epochs' median, CPU seconds of its thread for each epoch."""

    whole: float
    epoch: float
    thread: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each backend in a process of its own; the exit code is 1 if one failed."""
    options = _parser().parse_args(arguments)
    if options.here:
        _measure(options.backends[0], options.seconds, options.rounds)
        return 0
    print(", ".join(f"{name} {value}" for name, value in machine().items()), flush=True)
    failed = 0
    for backend in options.backends:
        command = [sys.executable, "-m", "benchmarks.device", "--here", "--backends", backend]
        command += ["--seconds", str(options.seconds), "--rounds", str(options.rounds)]
        environment = {**os.environ, "KERAS_BACKEND": backend}
        failed += bool(subprocess.run(command, env=environment, check=False).returncode)
    return 1 if failed else 0


def _measure(backend: str, seconds: float, rounds: int) -> None:
    """Measure one backend, and print."""
    with process_home():
        keras: Any = importlib.import_module("keras_prov")
        print(f"\n{backend} {_version(backend)}, Keras {keras.__version__}: {_device(backend)}")
        calls = _timed_calls()
        clock = _EpochClock(keras)
        for rate in RATES:
            keras.instrument()
            model, data = _model(keras, rate), _data()
            model.provenance(TAG, adaptation=True, hyps=SEVEN)
            trainer = _Trainer(keras, model, data, clock, calls)
            trainer.calibrate()
            if rate == RATES[0]:
                print(_stored(keras))
            fits = trainer.alternate(seconds, rounds)
            _print(rate, trainer.batches, fits, trainer.inside)


class _Trainer:
    """Trains one model with each arm in turn."""

    def __init__(
        self, keras: Any, model: Any, data: Any, clock: _EpochClock, calls: list[float]
    ) -> None:
        self._keras, self._model, self._data, self._clock = keras, model, data, clock
        self.batches = MOST_BATCHES
        self.inside: list[float] = []
        self._calls = calls

    def calibrate(self) -> None:
        """Compile with each arm, and choose how many batches an epoch of 30 ms has."""
        for arm in ARMS:
            self.fit(arm, 2)
        self.batches = 2
        found = self.fit("plain", 5)
        batch = max(found.epoch / self.batches, 1e-5)
        self.batches = min(MOST_BATCHES, max(1, round(EPOCH / batch)))
        for arm in ARMS:
            self.fit(arm, 3)

    def alternate(self, seconds: float, rounds: int) -> dict[str, list[Fit]]:
        """Fits by arm, until the time is over or there are so many rounds."""
        found: dict[str, list[Fit]] = {arm: [] for arm in ARMS}
        self.inside.clear()
        until = time.perf_counter() + seconds
        for number, arm in alternating(ARMS, rounds):
            is_complete = len({len(fits) for fits in found.values()}) == 1
            if number and is_complete and time.perf_counter() > until:
                break
            found[arm].append(self.fit(arm, EPOCHS))
        return found

    def fit(self, arm: str, epochs: int) -> Fit:
        """One training; those that are not captured are of Keras without our patches."""
        keras = self._keras
        (keras.instrument if arm == "captured" else keras.uninstrument)()
        callbacks = []
        if arm == "empty callbacks":
            callbacks = [_empty(keras), _empty(keras)]
        x, y = (array[: self.batches * BATCH] for array in self._data)
        given = {"batch_size": BATCH, "epochs": epochs, "verbose": 0, "callbacks": callbacks}
        self._clock.times.clear()
        self._calls.clear()
        began, cpu = time.perf_counter(), time.thread_time()
        self._model.fit(x, y, **given)
        whole, thread = time.perf_counter() - began, time.thread_time() - cpu
        self.inside += _sums(self._calls)
        times = self._clock.times
        lasted = [after - before for before, after in itertools.pairwise(times[1:])]
        return Fit(whole, statistics.median(lasted or [whole / epochs]), thread / epochs)


class _EpochClock:
    """Notes when each epoch begins, before all callbacks; the same in all arms."""

    def __init__(self, keras: Any) -> None:
        self.times: list[float] = []
        owner = keras.callbacks.CallbackList
        original = owner.on_epoch_begin

        def on_epoch_begin(callbacks: Any, epoch: int, logs: Any = None) -> None:
            self.times.append(time.perf_counter())
            original(callbacks, epoch, logs)

        owner.on_epoch_begin = on_epoch_begin


def _timed_calls() -> list[float]:
    from keras_prov._training import monitor

    from .training import timed

    return timed(monitor.Training, *EPOCH_CALLS)


def _sums(calls: Sequence[float]) -> list[float]:
    """The calls of each epoch together; the end of a training adds one that belongs to none."""
    count = len(EPOCH_CALLS)
    return [sum(calls[at : at + count]) for at in range(0, len(calls) - count + 1, count)]


def _empty(keras: Any) -> Any:
    class Empty(keras.callbacks.Callback):
        """Does nothing where ours do something."""

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            """Nothing."""

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            """Nothing."""

    return Empty()


def _model(keras: Any, rate: str) -> Any:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            *[layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(4)],
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    schedule = keras.optimizers.schedules.InverseTimeDecay(1e-4, 1, 1e-4)
    chosen = schedule if rate == "scheduled" else 1e-4
    model.compile(keras.optimizers.SGD(chosen, momentum=0.9), "mse", metrics=["mae"])
    return model


def _data() -> tuple[Any, Any]:
    draw = np.random.default_rng(1)
    x = draw.random((MOST_BATCHES * BATCH, 16, 16, 3), dtype=np.float32)
    return x, x.mean(axis=(1, 2, 3))[:, None]


def _stored(keras: Any) -> str:
    if keras.flush(30):
        return "The private server runs: rows are stored while the model trains."
    return "The private server does not run here: the journal alone is written."


def _version(backend: str) -> str:
    return str(importlib.import_module(backend).__version__)


def _device(backend: str) -> str:
    if backend == "torch":
        cuda = importlib.import_module("torch").cuda
        return str(cuda.get_device_name(0)) if cuda.is_available() else "no GPU, CPU alone"
    found = importlib.import_module("jax").devices()[0]
    return f"{found.platform} {found.device_kind}"


def _print(rate: str, batches: int, fits: dict[str, list[Fit]], inside: Sequence[float]) -> None:
    plain = fits["plain"]
    epoch = statistics.median(fit.epoch for fit in plain)
    print(
        f"\n{rate} rate: {len(plain)} fits of each arm, {EPOCHS} epochs of {batches} batches; "
        f"a plain epoch {epoch * 1e3:.2f} ms"
    )
    ours = [seconds * 1e6 for seconds in inside]
    print(
        f"  our code on the training thread: median {statistics.median(ours):.0f} µs per epoch, "
        f"p99 {float(np.percentile(ours, 99)):.0f} µs, {len(ours)} epochs"
    )
    for arm in ARMS[1:]:
        print(f"  {arm}, beside plain (median and 95 % interval of the pairs)")
        for name, title in (("whole", "fit()"), ("epoch", "an epoch"), ("thread", "thread's CPU")):
            base, other = ([getattr(fit, name) for fit in found] for found in (plain, fits[arm]))
            ratio, more = compared(base, other), added(base, other)
            scale = 1e6 / (EPOCHS if name == "whole" else 1)
            print(
                f"    {title:<13} {ratio.median - 1:+.2%} ({ratio.low - 1:+.2%} … "
                f"{ratio.high - 1:+.2%}), {more.median * scale:+.0f} µs per epoch "
                f"({more.low * scale:+.0f} … {more.high * scale:+.0f})",
                flush=True,
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.device", description="Measure what capture adds on a GPU."
    )
    parser.add_argument(
        "--backends", nargs="+", choices=(*BACKENDS, "tensorflow"), default=BACKENDS
    )
    parser.add_argument(
        "--seconds", type=float, default=40, help="for each backend and rate: %(default)s"
    )
    parser.add_argument("--rounds", type=int, default=1000, help="at most: %(default)s")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
