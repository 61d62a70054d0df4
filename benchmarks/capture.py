"""`python -m benchmarks.capture`: what the patches cost, compared with Keras without them.

Keras is instrumented and uninstrumented in alternation (A B B A …) in one process, so that both see
the same machine, and the pairs' ratios are compared. Only the import needs fresh processes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import keras_prov as keras
from keras_prov._training import monitor

from .alternation import SEVEN
from .epoch_calls import EPOCH_CALLS, epochs_of, timed
from .homes import process_home
from .imports import added_seconds
from .paired import alternating
from .training import TAG, fit, show

LAYERS = 200
BATCHES = 1000


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20, help="default: %(default)s")
    pairs = parser.parse_args().pairs
    imports = added_seconds(9)
    added = [ours - none for none, ours in zip(*imports.values(), strict=True)]
    show("import keras_prov after keras, ms", added, 1e3)
    with process_home():
        fit(captured=True, epochs=2)
        compare("creating a Dense layer, µs", layers, pairs, 1e6 / LAYERS)
        compare("creating a Conv2D layer with initializers, µs", rich_layers, pairs, 1e6 / LAYERS)
        compare("creating an optimizer, µs", optimizers, pairs, 1e6 / LAYERS)
        compare("fit of an epoch, instrumented, not captured, ms", short_fit, pairs, 1e3)
        compare("fit of an epoch, captured, ms", captured_fit, pairs, 1e3)
        compare("a batch of a captured fit, µs", batches, max(4, pairs // 4), 1e6 / BATCHES)
        inside = timed(monitor.Training, *EPOCH_CALLS)
        fit(captured=True, epochs=500)
        show("our callbacks in a real fit, µs per epoch", epochs_of(inside), 1e6)


def compare(what: str, work: Callable[[bool], float], pairs: int, factor: float) -> None:
    """Print the seconds of `work` with our patches and without, and their ratio pair by pair."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for number, patched in alternating((False, True), pairs + 1):
        (keras.instrument if patched else keras.uninstrument)()
        taken = work(patched)
        if number:  # the first pair warms up and does not count
            seconds[patched].append(taken)
    keras.instrument()
    keras.flush(30)
    show(f"{what}: without us", seconds[False], factor)
    show(f"{what}: with us", seconds[True], factor)
    pairwise = [ours / plain for plain, ours in zip(*seconds.values(), strict=True)]
    show("  ratio, pair by pair", pairwise, 1)


def layers(_: bool) -> float:
    """Seconds to create plain layers."""
    return _seconds(lambda: keras.layers.Dense(8, activation="relu"))


def rich_layers(_: bool) -> float:
    """Seconds to create layers with objects as arguments."""
    return _seconds(
        lambda: keras.layers.Conv2D(
            8, 3, activation="relu", kernel_initializer=keras.initializers.HeNormal(seed=1)
        )
    )


def optimizers(_: bool) -> float:
    """Seconds to create optimizers."""
    return _seconds(lambda: keras.optimizers.Adam(1e-3, weight_decay=1e-4))


def short_fit(_: bool) -> float:
    """Seconds of a fit that is not captured."""
    return fit(captured=False, epochs=1)


def captured_fit(patched: bool) -> float:
    """Seconds of a fit that is captured if Keras is patched."""
    return fit(captured=patched, epochs=1)


def batches(patched: bool) -> float:
    """Seconds of the second epoch of many batches, captured if Keras is patched."""
    keras.utils.set_random_seed(1)
    model: Any = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    if patched:
        model.provenance(TAG, hyps=SEVEN)
    x = np.ones((BATCHES * 4, 4), "float32")
    model.fit(x, x[:, :1], batch_size=4, epochs=1, verbose=0)
    began = time.perf_counter()
    model.fit(x, x[:, :1], batch_size=4, epochs=1, verbose=0)
    return time.perf_counter() - began


def _seconds(make: Callable[[], Any]) -> float:
    began = time.perf_counter()
    for _ in range(LAYERS):
        make()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
