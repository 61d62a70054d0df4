"""The variables of optimizers that a loop of JAX keeps itself, while they are read.

Keras' own variables do not change then: `stateless_apply` returns the new values, and only the loop
has them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["has_state", "optimizer_states", "stateless_value"]

_current = threading.local()


@contextmanager
def optimizer_states(states: Sequence[tuple[Any, Any]]) -> Iterator[None]:
    """In the block, by this thread, the variables of these optimizers have these values.

    Args:
        states: pairs of an optimizer and the values of its `variables`, in their order.
    """
    values = {
        id(variable): value
        for optimizer, state in states
        for variable, value in zip(getattr(optimizer, "variables", ()), state, strict=False)
    }
    _current.values, _current.optimizers = values, {id(optimizer) for optimizer, _ in states}
    try:
        yield
    finally:
        _current.values, _current.optimizers = {}, set()


def stateless_value(variable: Any) -> Any:
    """The value that a loop has for this variable; None if it has none."""
    values: Mapping[int, Any] = getattr(_current, "values", {})
    return values.get(id(variable)) if values else None


def has_state(optimizer: Any) -> bool:
    """Whether a loop has said what the optimizer's variables are."""
    return id(optimizer) in getattr(_current, "optimizers", ())
