"""`python -m benchmarks.refits`: the cost of one more `fit()` of a model that does not change.

Reinforcement learning calls `fit()` a million times. One process fits two equal models, one of them
captured, in alternation (A B B A …), in blocks of fits of one epoch and one row.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import keras_prov as keras
from dfanalyzer_client.delivery.clients import client_for

from .homes import process_home
from .paired import alternating
from .training import show

TAG = "refits"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10, help="default: %(default)s")
    parser.add_argument(
        "--fits", type=int, default=50, help="fits in a block; default: %(default)s"
    )
    options = parser.parse_args()
    with process_home():
        measure(options.pairs, options.fits)


def measure(pairs: int, fits: int) -> None:
    """Fit both models in blocks, and print what a fit took."""
    models = {captured: network(captured=captured) for captured in (False, True)}
    seconds: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    sizes = []
    for number, captured in alternating((False, True), pairs + 1):
        before = journal_size()
        taken = block(models[captured], fits)
        if number:  # the first pair sends what is sent once, and does not count
            seconds[captured].append(taken)
            sizes += [(journal_size() - before) / fits] if captured else []
    for place, what in enumerate(("wall", "CPU of all threads")):
        plain, ours = ([taken[place] for taken in seconds[captured]] for captured in (False, True))
        show(f"a plain fit, {what}, ms", plain, 1e3 / fits)
        show(f"a captured fit, {what}, ms", ours, 1e3 / fits)
        added = [with_us - without for without, with_us in zip(plain, ours, strict=True)]
        show("  added, pair by pair, ms", added, 1e3 / fits)
    show("journal, KB per fit", sizes, 1e-3)
    show("  of the last block", sizes[-1:], 1e-3)


def network(*, captured: bool) -> Any:
    """A small network with two hidden layers; if captured, then with `all` keys."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            *(keras.layers.Dense(24, activation="relu") for _ in range(2)),
            keras.layers.Dense(2),
        ]
    )
    model.compile("adam", "mse")
    if captured:
        model.provenance(TAG, hyps="all", adaptation=True)
    return model


def block(model: Any, fits: int) -> tuple[float, float]:
    """Seconds of so many fits, and CPU seconds until everything is stored."""
    x, y = np.ones((1, 4)), np.ones((1, 2))
    began, worked = time.perf_counter(), time.process_time()
    for _ in range(fits):
        model.fit(x, y, epochs=1, verbose=0)
    taken = time.perf_counter() - began
    keras.flush(60)
    return taken, time.process_time() - worked


def journal_size() -> int:
    """Bytes written to the journal so far."""
    path = client_for().journal_path
    return 0 if path is None else path.stat().st_size


if __name__ == "__main__":
    main()
