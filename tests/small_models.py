"""Small models and data that the tests train."""

from __future__ import annotations

from typing import Any

import numpy as np

import keras_prov as keras

__all__ = ["data", "small_model"]


def data(samples: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Samples of a line."""
    x = np.linspace(0, 1, samples * 4, dtype="float32").reshape(samples, 4)
    return x, x.sum(axis=1, keepdims=True)


def small_model(**compile_: Any) -> Any:
    """Two dense layers, compiled with SGD(0.01) unless `compile_` says otherwise."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(1)]
    )
    model.compile(**{"optimizer": keras.optimizers.SGD(0.01), "loss": "mse", **compile_})
    return model
