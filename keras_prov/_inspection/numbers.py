"""Keras' numbers as Python numbers, in their shortest decimal form."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["number_of", "shortest"]


def shortest(value: float) -> float:
    """The shortest decimal of a float32: 0.001, not 0.0010000000474974513."""
    return float(str(np.float32(value)))


def number_of(value: Any) -> float:
    """The number in a variable, which may be mirrored over several devices."""
    try:
        return float(value)
    except TypeError:  # a mirrored variable of tf.distribute has no __float__
        return float(np.ravel(value.value.numpy())[0])
