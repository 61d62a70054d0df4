"""A small network with as many metrics as asked for, which cost Keras as little as they can."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cells import optimizer

__all__ = ["BATCH", "data", "network"]

BATCH, INPUTS, UNITS = 32, 8, 32
MOST_BATCHES = 4_000


def network(keras: Any, rate: str, metrics: int) -> Any:
    """A compiled network; an epoch's logs have its loss and so many `metrics` less one."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((INPUTS,)), layers.Dense(UNITS, activation="relu"), layers.Dense(1)]
    )
    model.compile(optimizer(keras, rate), "mse", metrics=_cheap(keras, metrics - 1))
    return model


def data() -> tuple[Any, Any]:
    """Inputs and targets of the longest epoch."""
    x = np.random.default_rng(1).random((MOST_BATCHES * BATCH, INPUTS), dtype=np.float32)
    return x, x.mean(axis=1, keepdims=True)


def _cheap(keras: Any, count: int) -> list[Any]:
    """Metrics that keep a number of the last batch, and are not set back between epochs."""

    class LastOutput(keras.metrics.Metric):
        """The first output of the last batch."""

        def __init__(self, name: str) -> None:
            super().__init__(name=name)
            self.last = self.add_variable((), "zeros", name="last")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            """Keep it."""
            self.last.assign(y_pred[0, 0])

        def reset_state(self) -> None:
            """Keep it: three hundred assignments would make an epoch much longer."""

        def result(self) -> Any:
            """The variable's value."""
            return keras.ops.convert_to_tensor(self.last)

    return [LastOutput(f"metric_{number}") for number in range(count)]
