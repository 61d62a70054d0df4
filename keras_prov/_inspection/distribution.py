"""How a training is spread over devices: tf.distribute's strategy, or Keras' own distribution."""

from __future__ import annotations

import json
from typing import Any

import keras

__all__ = ["distribution_of"]


def distribution_of(model: Any) -> tuple[str | None, int]:
    """What spreads the model's training, as a text, and among how many replicas."""
    strategy = getattr(model, "_distribute_strategy", None)
    if strategy is not None:  # of a model that was made in a strategy's scope
        return type(strategy).__name__.removesuffix("V1"), int(strategy.num_replicas_in_sync)
    distribution = getattr(keras.distribution, "distribution", lambda: None)()
    if distribution is None:
        return None, 1
    mesh = getattr(distribution, "device_mesh", None)
    axes = dict(zip(getattr(mesh, "axis_names", ()), getattr(mesh, "shape", ()), strict=False))
    described = f"{type(distribution).__name__}({json.dumps(axes)})"
    return described, int(axes.get(getattr(distribution, "batch_dim_name", None), 1))
