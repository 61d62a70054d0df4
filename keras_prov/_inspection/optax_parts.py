"""What can be read of an optimizer of optax, which is a pair of functions.

optax (https://optax.readthedocs.io) keeps the arguments of ``adam(1e-3)`` in closures. They are
read there, and nothing is called. A schedule is described; its rate is known only to the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .describe import describe

__all__ = ["OptaxPart", "by_keras_names", "by_part", "injected", "optax_parts", "optax_rate"]

OptaxPart = tuple[str, dict[str, Any]]
"""A transformation, as ``scale_by_adam``, and its arguments."""

MAX_DEPTH = 8
"""Transformations that are nested deeper are not read."""

WRAPPERS = frozenset({"chain", "with_extra_args_support", "named_chain"})
INJECTED, RATE = "inject_hyperparams", "learning_rate"
KERAS_NAMES = {
    "b1": "beta_1",
    "b2": "beta_2",
    "eps": "epsilon",
    "weight_decay": "weight_decay",
    "momentum": "momentum",
    "nesterov": "nesterov",
}
PLAIN = (str, bool, int, float)


def optax_parts(transformation: Any) -> list[OptaxPart]:
    """The transformations that it consists of, in their order; empty for what is not optax'."""
    return list(_parts(transformation, MAX_DEPTH))


def by_part(parts: list[OptaxPart]) -> dict[str, dict[str, Any]]:
    """The arguments by the name of the transformation, which has a number if it is there before."""
    named: dict[str, dict[str, Any]] = {}
    for name, values in parts:
        count = sum(each.partition(" ")[0] == name for each in named)
        named[f"{name} {count + 1}" if count else name] = values
    return named


def _parts(transformation: Any, depth: int) -> Iterator[OptaxPart]:
    if hasattr(transformation, "init") and hasattr(transformation, "update"):
        yield from _of_functions(transformation.init, transformation.update, depth)
    elif getattr(transformation, "__closure__", None):
        yield from _of_functions(None, transformation, depth)


def _of_functions(init: Any, update: Any, depth: int) -> Iterator[OptaxPart]:
    name = str(getattr(update, "__qualname__", "")).partition(".<locals>")[0]
    if not depth or not name or not str(getattr(update, "__module__", "")).startswith("optax"):
        return
    held = _captured(update)
    if name == INJECTED:
        numbers = dict(_captured(init).get("numeric_hps") or {})
        others = {**(held.get("other_hps") or {}), **(held.get("sched_hps") or {})}
        yield (
            f"{INJECTED}({describe(held.get('inner_factory'))})",
            _described({**others, **numbers}),
        )
        return
    inner = [part for value in held.values() for part in _within(value, depth - 1)]
    if name not in WRAPPERS:
        yield name, _described({key: value for key, value in held.items() if not _holds(value)})
    yield from inner


def _within(value: Any, depth: int) -> Iterator[OptaxPart]:
    listed = value.values() if isinstance(value, Mapping) else value
    if not hasattr(value, "update") and isinstance(listed, (list, tuple, type({}.values()))):
        for each in listed:
            yield from _parts(each, depth)
    elif _holds(value):
        yield from _parts(value, depth)


def _holds(value: Any) -> bool:
    """Whether it is a transformation, or the function that updates as one."""
    is_update = str(getattr(value, "__qualname__", "")).endswith((".update_fn", ".update"))
    return is_update or (hasattr(value, "init") and hasattr(value, "update"))


def _captured(function: Any) -> dict[str, Any]:
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    return {
        name: cell.cell_contents
        for name, cell in zip(getattr(code, "co_freevars", ()), cells or (), strict=False)
    }


def _described(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, PLAIN) else _schedule(value) or describe(value)
        for name, value in values.items()
        if value is not None
    }


def _schedule(value: Any) -> str | None:
    """A schedule of optax with its arguments; None for anything else."""
    held = _captured(value)
    if RATE in held:  # the sign is turned around a schedule
        value, held = held[RATE], _captured(held[RATE])
    name = str(getattr(value, "__qualname__", "")).partition(".<locals>")[0]
    if not name or not str(getattr(value, "__module__", "")).startswith("optax"):
        return None
    given = (f"{key}={each}" for key, each in held.items() if isinstance(each, PLAIN))
    return f"{name}({', '.join(given)})"


def optax_rate(parts: list[OptaxPart]) -> float | None:
    """The learning rate, if it is one number; None for a schedule, or if there are several."""
    rates = [
        values[RATE] if name.startswith(INJECTED) else -values["step_size"]
        for name, values in parts
        if _is_number(values.get(RATE if name.startswith(INJECTED) else "step_size"))
    ]
    return float(rates[0]) if len(rates) == 1 else None


def by_keras_names(parts: list[OptaxPart]) -> dict[str, Any]:
    """The numbers that Keras' optimizers have as well, by the names that they have there."""
    found = {
        ("momentum" if (name, key) == ("trace", "decay") else KERAS_NAMES.get(key)): value
        for name, values in parts
        for key, value in values.items()
        if isinstance(value, (bool, int, float))
    }
    return {name: value for name, value in found.items() if name is not None}


def injected(state: Any, depth: int = MAX_DEPTH) -> dict[str, float]:
    """The hyperparameters in a state of `optax.inject_hyperparams`, wherever; may be empty."""
    held = getattr(state, "hyperparams", None)
    if isinstance(held, Mapping):
        return {str(name): float(np.asarray(value)) for name, value in held.items()}
    parts = state if isinstance(state, (list, tuple)) and depth else ()
    return next(filter(None, (injected(part, depth - 1) for part in parts)), {})


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
