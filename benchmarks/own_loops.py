"""`python -m benchmarks.own_loops`: what loops of one's own cost where they are recorded.

One process calls `train_on_batch` of two equal models, one of which is captured, in alternation
(A B B A …). Our code around such a call, `run.batch()` and `run.epoch()` are also timed by
themselves, which is exact where a difference of whole calls is not.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import keras_prov as keras
from keras_prov.patches.batches import PATCHES

from .homes import process_home
from .paired import added, alternating
from .training import show

__all__ = ["main", "measure"]

EPOCHS = 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2000, help="default: %(default)s")
    options = parser.parse_args()
    with process_home():
        measure(options.pairs)


def measure(pairs: int) -> dict[str, float]:
    """Train in pairs, print the table, and return the medians of what is added, in seconds."""
    x = np.random.default_rng(7).random((64, 8)).astype("float32")
    batch = x, x.sum(axis=1, keepdims=True)
    models = {captured: _model() for captured in (False, True)}
    models[True].provenance("loops", hyps="all")
    calls: dict[bool, list[float]] = {False: [], True: []}
    for number, captured in alternating((False, True), pairs + 1):
        took = _timed(functools.partial(models[captured].train_on_batch, *batch))
        if number:  # the first pair compiles, and does not count
            calls[captured].append(took)
    show("train_on_batch, µs", calls[False], 1e6)
    found = added(calls[False], calls[True])
    print(f"  added, pair by pair, µs: {found.median * 1e6:.1f} ", end="")
    print(f"({found.low * 1e6:.1f} … {found.high * 1e6:.1f})")
    given = models[True], *batch
    around = functools.partial(PATCHES[0].around, lambda *_: [0.5, 0.25], given, {})
    ours = [_timed(around) for _ in range(pairs)]
    show("  our code around it, µs", ours, 1e6)
    print(f"  its mean, with a row for every 100 calls, µs: {statistics.mean(ours) * 1e6:.1f}")
    with keras.training(models[True]) as run:
        batches = [_timed(lambda: run.batch(loss=0.5)) for _ in range(EPOCHS)]
        epochs = [_timed(lambda: run.epoch(loss=0.5, val_loss=0.25)) for _ in range(EPOCHS)]
    show("run.batch, µs", batches, 1e6)
    show("run.epoch, µs", epochs, 1e6)
    named = {"call": ours, "batch": batches, "epoch": epochs}
    return {name: statistics.median(values) for name, values in named.items()}


def _model() -> Any:
    keras.utils.set_random_seed(7)
    layers = [keras.Input((8,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.01), "mse", metrics=["mae"])
    return model


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
