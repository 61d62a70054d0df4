"""The arguments of an object's constructor, read from its attributes of the same name.

Nothing of the object is called, except properties. An object of Keras is described by the arguments
that differ from their defaults.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._tracking.calls import Construction

__all__ = [
    "ATOMS",
    "MISSING",
    "argument_value",
    "changed_arguments",
    "given_argument",
    "is_of_keras",
    "parameters_of",
    "unwrapped",
]

MISSING = object()
ATOMS = (str, bool, int, float, type(None))
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
MEASURING = ("keras.src.metrics.", "keras.src.losses.")


def parameters_of(class_: type) -> Mapping[str, inspect.Parameter]:
    """The constructor's parameters by name, without ``self`` and ``name``."""
    key: Any = class_
    return _parameters_of(key)


def given_argument(construction: Construction, class_: type, name: str) -> Any:
    """A plain argument as the constructor's call gave it, or `MISSING`."""
    if name in construction.kwargs:
        return construction.kwargs[name]
    names = list(parameters_of(class_))
    position = names.index(name) if name in names else len(construction.args)
    value = construction.args[position] if position < len(construction.args) else None
    return MISSING if value is None else value


@functools.lru_cache(maxsize=1024)
def _parameters_of(class_: Any) -> Mapping[str, inspect.Parameter]:
    try:
        # of `__init__`, since Keras gives `__new__` another signature
        found = inspect.signature(class_.__init__).parameters
    except (TypeError, ValueError, AttributeError):
        return {}
    return {
        name: parameter
        for name, parameter in found.items()
        if parameter.kind in NAMED and name not in ("self", "name")
    }


def argument_value(owner: Any, name: str) -> Any:
    """The attribute with the argument's name, or `MISSING`, also for a property that raises."""
    # an optimizer's property `learning_rate` would call a callable that the user gave for it
    for attribute in (name, f"_{name}") if name != "learning_rate" else ("_learning_rate", name):
        try:
            value = getattr(owner, attribute, MISSING)
        except Exception:  # a property may raise anything
            return MISSING
        if value is not MISSING and not inspect.ismethod(value):
            return value
    kept = vars(owner).get("_fn_kwargs") if hasattr(owner, "__dict__") else None
    return kept.get(name, MISSING) if isinstance(kept, dict) else MISSING  # losses and metrics


def changed_arguments(value: Any) -> list[tuple[str, Any]]:
    """The arguments of an object of Keras that differ from their defaults."""
    pairs = []
    for name, parameter in parameters_of(type(value)).items():
        found = argument_value(value, name)
        is_known = found is not MISSING and found is not None
        if is_known and name != "dtype" and not _equal(found, parameter.default):
            pairs.append((name, found))
    return [*pairs, *_given_name(value)]


def _given_name(value: Any) -> list[tuple[str, Any]]:
    """The name of a loss or metric if it was given one; a metric's is also in the logs."""
    class_: Any = type(value)
    if not any(base.__module__.startswith(MEASURING) for base in class_.__mro__):
        return []
    name = getattr(value, "name", None)
    if not isinstance(name, str) or name in _usual_names(class_):
        return []
    return [("name", name)]


@functools.lru_cache(maxsize=256)
def _usual_names(class_: Any) -> frozenset[str]:
    """The names that Keras gives objects of the class by itself."""
    snake = re.sub(
        "([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", class_.__name__)
    )
    with contextlib.suppress(TypeError, ValueError, LookupError):
        default = inspect.signature(class_.__init__).parameters["name"].default
        return frozenset({snake.lower(), str(default)})
    return frozenset({snake.lower()})


def _equal(value: Any, default: Any) -> bool:
    value = unwrapped(value)
    if isinstance(value, float) and isinstance(default, float) and math.isnan(default):
        return math.isnan(value)
    return type(value) in ATOMS and type(default) in ATOMS and bool(value == default)


def unwrapped(value: Any) -> Any:
    """A NumPy scalar as a Python number; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def is_of_keras(class_: type) -> bool:
    """Whether it is a class of Keras or a subclass of one, which names attributes as arguments."""
    return any(base.__module__.partition(".")[0] == "keras" for base in class_.__mro__)
