"""`python -m benchmarks.training`: the cost of capture, and the delay until rows are visible.

Plain and captured fits of the same small model alternate (A B B A …) in one process. The server is
running and its schema exists, as in the paper. Time in our code is measured at our two callbacks.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import keras_prov as keras
from dfanalyzer_client.config import settings
from dfanalyzer_client.store import reader_connection
from keras_prov._training import monitor

from .alternation import SEVEN
from .epoch_calls import EPOCH_CALLS, epochs_of, timed
from .homes import process_home
from .paired import alternating

TAG = "benchmark"
NEWEST = 'SELECT max(id) FROM "benchmark".otrainingmodel'


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=8, help="default: %(default)s")
    parser.add_argument("--epochs", type=int, default=100, help="default: %(default)s")
    options = parser.parse_args()
    with process_home():
        fit(captured=True, epochs=2)
        keras.flush(30)
        inside = timed(monitor.Training, *EPOCH_CALLS)
        plain, captured = in_pairs(options.pairs, options.epochs)
        show("plain fit, ms per epoch", plain, 1e3 / options.epochs)
        show("captured fit, ms per epoch", captured, 1e3 / options.epochs)
        ratios = [c / p for p, c in zip(plain, captured, strict=True)]
        show("ratio captured / plain, pair by pair", ratios, 1)
        show("our callbacks, µs per epoch", epochs_of(inside), 1e6)
        show("end of an epoch to its row seen elsewhere, ms", delays(20), 1e3)


def fit(*, captured: bool, epochs: int, callbacks: Sequence[Any] = ()) -> float:
    """Seconds of one fit of a small dense network."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((16,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.01), "mse", metrics=["mae"])
    if captured:
        model.provenance(TAG, hyps=SEVEN)
    x = np.ones((256, 16), "float32")
    began = time.perf_counter()
    model.fit(x, x[:, :1], epochs=epochs, verbose=0, callbacks=list(callbacks))
    return time.perf_counter() - began


def in_pairs(pairs: int, epochs: int) -> tuple[list[float], list[float]]:
    """Seconds of plain and of captured fits, in the order A B B A."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _, captured in alternating((False, True), pairs):
        seconds[captured].append(fit(captured=captured, epochs=epochs))
        keras.flush(30)
    return seconds[False], seconds[True]


def delays(epochs: int) -> list[float]:
    """Seconds from the end of an epoch until another connection sees its row."""
    connection = reader_connection(None, settings.home())
    found: list[float] = []

    class Wait(keras.callbacks.Callback):
        """Polls the database until the row is visible."""

        newest: int | None = None

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            """Wait for the row of the previous epoch, which was sent just before this call."""
            if epoch == 0:
                return
            began = time.perf_counter()
            before = self.newest
            while self.newest == before:
                with connection.transaction():
                    ((self.newest,),) = connection.query(NEWEST)
            found.append(time.perf_counter() - began)

    keras.flush(30)
    with connection.transaction():
        ((Wait.newest,),) = connection.query(NEWEST)
    fit(captured=True, epochs=epochs, callbacks=[Wait()])
    connection.close()
    return found


def show(what: str, values: Sequence[float], factor: float) -> None:
    """Print median, 99th percentile and range."""
    low, high = min(values) * factor, max(values) * factor
    middle = statistics.median(values) * factor
    late = float(np.percentile(values, 99)) * factor
    print(f"{what:<48} median {middle:9.3f}  p99 {late:9.3f}  ({low:.3f} … {high:.3f})")


if __name__ == "__main__":
    main()
