"""Values that are set while a training runs: they stay of the kind that they were."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from .._inspection.numbers import number_of, shortest
from .refusal import Refusal

__all__ = ["is_scalar", "plain_value", "same_kind"]


def is_scalar(value: Any) -> bool:
    """Whether it is a number, True or False, or a variable with one number."""
    if isinstance(value, keras.Variable):
        return bool(math.prod(value.shape) == 1)
    return isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating))


def plain_value(value: Any) -> Any:
    """The value as Python's; that of a variable as its shortest decimal."""
    if isinstance(value, keras.Variable):
        is_whole = "int" in keras.backend.standardize_dtype(value.dtype)
        return int(number_of(value)) if is_whole else shortest(number_of(value))
    return value.item() if isinstance(value, np.generic) else value


def same_kind(given: Any, old: Any, name: str) -> Any:
    """`given` as the kind of value that `old` is; a None may become a number.

    Raises:
        Refusal: it is of another kind, or not finite.
    """
    if isinstance(old, bool):
        if isinstance(given, bool):
            return given
        raise _refusal(name, "true or false", given)
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise _refusal(name, "a number", given)
    if not math.isfinite(given):
        raise _refusal(name, "a finite number", given)
    if isinstance(old, int) and not isinstance(given, int):
        raise _refusal(name, "a whole number", given)
    return given if isinstance(old, int) else float(given)


def _refusal(name: str, expected: str, given: Any) -> Refusal:
    return Refusal(f"{name} is {expected}. Received: {given!r:.200}.")
