"""How a training is distributed over devices, by tf.distribute or by keras.distribution."""

from __future__ import annotations

import json
from typing import Any

import keras

__all__ = ["distribution_of"]


def distribution_of(model: Any) -> tuple[str | None, int]:
    """The strategy or distribution of a model's training as a text, and its number of replicas."""
    strategy = getattr(model, "_distribute_strategy", None)
    if strategy is not None:  # the model was created in a strategy's scope
        return type(strategy).__name__.removesuffix("V1"), int(strategy.num_replicas_in_sync)
    distribution = getattr(keras.distribution, "distribution", lambda: None)()
    if distribution is None:
        return None, 1
    mesh = getattr(distribution, "device_mesh", None)
    axes = dict(zip(getattr(mesh, "axis_names", ()), getattr(mesh, "shape", ()), strict=False))
    described = f"{type(distribution).__name__}({json.dumps(axes)})"
    return described, int(axes.get(getattr(distribution, "batch_dim_name", None), 1))
