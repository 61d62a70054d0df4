"""`python -m benchmarks.steering`: what it costs that a training may be steered, if nobody does.

One process fits two equal captured models, one of which may be steered, in alternation (A B B A …).
Within a training, the hooks that steering adds are also called many times by themselves, which is
exact to a nanosecond where whole trainings are not to a microsecond.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import keras_prov as keras

from .homes import process_home
from .paired import alternating
from .training import show

__all__ = ["Hooks", "main", "measure"]

CALLS = 20_000
EPOCHS, BATCHES = 20, 50


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10, help="default: %(default)s")
    options = parser.parse_args()
    with process_home():
        measure(options.pairs)


def measure(pairs: int) -> dict[str, float]:
    """Fit in pairs, print the table, and return the medians of what is added.

    Returns:
        Seconds for each epoch and each batch: ``epoch`` and ``batch``.
    """
    models = {steered: network(steered=steered) for steered in (False, True)}
    fits: dict[bool, list[float]] = {False: [], True: []}
    hooks: dict[bool, list[Hooks]] = {False: [], True: []}
    for number, steered in alternating((False, True), pairs + 1):
        timed = Hooks()
        began = time.perf_counter()
        fit(models[steered], timed)
        taken = time.perf_counter() - began - timed.spent
        if number:  # the first pair compiles, and does not count
            fits[steered].append(taken)
            hooks[steered].append(timed)
    added = [b - a for a, b in zip(fits[False], fits[True], strict=True)]
    show(f"a fit of {EPOCHS} epochs and {EPOCHS * BATCHES} batches, ms", fits[False], 1e3)
    show("  added by steering, pair by pair, ms", added, 1e3)
    result = {}
    for what in ("batch", "epoch"):
        without, with_it = ([getattr(each, what) for each in hooks[arm]] for arm in (False, True))
        more = [b - a for a, b in zip(without, with_it, strict=True)]
        show(f"the last callback's hook of a {what}, steered, µs", with_it, 1e6)
        show("  added by steering, pair by pair, µs", more, 1e6)
        result[what] = float(np.median(more))
    return result


class Hooks(keras.callbacks.Callback):
    """Times the hooks of Keras-Prov's last callback, at the end of the first epoch.

    Attributes:
        batch: seconds of the hook before a step.
        epoch: seconds of what steering does at an epoch's end.
        spent: seconds that timing took.
    """

    batch = epoch = spent = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.others: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Time the hooks once."""
        if epoch:
            return
        began = time.perf_counter()
        last = self.others[-1]
        self.batch = seconds(lambda: last.on_train_batch_begin(1, logs=None))
        answer = getattr(last, "answer", None)  # what may not be steered has none
        self.epoch = 0.0 if answer is None else seconds(lambda: answer(0))
        self.spent = time.perf_counter() - began


def seconds(call: Callable[[], object]) -> float:
    """Seconds of one call, with that of the lambda around it."""
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - began) / CALLS


def network(*, steered: bool) -> Any:
    """A small captured network, which may be steered or not."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.provenance("steering", adaptation=True, steering=steered)
    return model


def fit(model: Any, timed: Hooks) -> None:
    """Train with a list of callbacks that the timing callback can look into."""
    x, y = np.ones((BATCHES, 4)), np.ones((BATCHES, 2))
    callbacks = keras.callbacks.CallbackList(
        [timed], add_history=True, model=model, epochs=EPOCHS, steps=BATCHES
    )
    timed.others = callbacks.callbacks
    model.fit(x, y, batch_size=1, epochs=EPOCHS, verbose=0, callbacks=callbacks)
    timed.others = []


if __name__ == "__main__":
    main()
