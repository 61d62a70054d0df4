"""Any value as a text that says what it is: a loss, a metric, an initializer, a callback.

Nothing of the value is called: `get_config()` may raise, warn or serialize a lambda, and a user's
`__repr__` may do anything. A Keras object is its class with those arguments that differ from their
defaults, read from the attributes of the same name.
"""

from __future__ import annotations

import functools
import inspect
import json
import math
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import numpy as np

from dfanalyzer_client.masking import MASK, is_secret, is_secret_name

__all__ = [
    "MISSING",
    "argument_value",
    "describe",
    "parameters_of",
    "shortest",
    "unless_secret",
]

MISSING = object()
DEEPEST = 6
"""Nested values beyond are named by their class alone."""

LONGEST = 10_000
"""Items of a container beyond are counted and left out."""

ATOMS = (str, bool, int, float, type(None))
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def describe(value: Any) -> str:
    """`value` as a text: itself where it is one, else JSON or ``Class(argument=…)``."""
    plain = _plain(value, DEEPEST)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, (bool, int, float)) or plain is None:
        return str(plain)
    return json.dumps(plain)


def parameters_of(class_: type) -> Mapping[str, inspect.Parameter]:
    """The constructor's parameters by name, without ``self`` and ``name``; none if it has none."""
    key: Any = class_
    return _parameters_of(key)


@functools.lru_cache(maxsize=1024)
def _parameters_of(class_: Any) -> Mapping[str, inspect.Parameter]:
    try:
        # `__init__` for its own signature: Keras gives `__new__` another
        found = inspect.signature(class_.__init__).parameters
    except (TypeError, ValueError, AttributeError):
        return {}
    return {
        name: each
        for name, each in found.items()
        if each.kind in NAMED and name not in ("self", "name")
    }


def argument_value(owner: Any, name: str) -> Any:
    """The attribute called as the argument, or `MISSING`; a property that raises is missing."""
    for attribute in (name, f"_{name}"):
        try:
            value = getattr(owner, attribute, MISSING)
        except Exception:  # a property may raise what it likes
            return MISSING
        if value is not MISSING and not inspect.ismethod(value):
            return value
    kept = vars(owner).get("_fn_kwargs") if hasattr(owner, "__dict__") else None
    return kept.get(name, MISSING) if isinstance(kept, dict) else MISSING  # losses and metrics


def unless_secret(name: str, plain: Any) -> Any:
    """A value in JSON's terms, or the mask where its name says that it is a secret.

    Here, so that what is written as JSON stays JSON: in a text it is masked later, too.
    """
    if not is_secret_name(name):
        return plain
    text = plain if isinstance(plain, str) else json.dumps(plain)
    return MASK if is_secret(name, text) else plain


def shortest(value: float) -> float:
    """The shortest decimal that is this float32: 0.001, not 0.0010000000474974513."""
    return float(str(np.float32(value)))


def _plain(value: Any, depth: int) -> Any:
    """`value` in JSON's terms; what cannot be read is named by its class, and costs no other."""
    try:
        return _read(_unwrapped(value), depth)
    except Exception:  # a user's container or name may raise what it likes
        return type(value).__name__


def _read(value: Any, depth: int) -> Any:
    if type(value) in ATOMS:
        return value
    for kind, read in _READERS:
        if isinstance(value, kind):
            return read(value, depth)
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return _object(value, depth)


def _unwrapped(value: Any) -> Any:
    """A numpy scalar as Python's number."""
    return value.item() if isinstance(value, np.generic) else value


def _mapping(value: Mapping[Any, Any], depth: int) -> Any:
    if not depth:
        return f"{len(value)} items"
    items = list(value.items())[:LONGEST]
    named = ((key if isinstance(key, str) else str(_plain(key, 0)), item) for key, item in items)
    return {name: unless_secret(name, _plain(item, depth - 1)) for name, item in named}


def _sequence(value: Any, depth: int) -> Any:
    if not depth:
        return f"{len(value)} items"
    listed = [_plain(item, depth - 1) for item in list(value)[:LONGEST]]
    left = len(value) - len(listed)
    return [*listed, f"… {left} more"] if left else listed


def _array(value: Any, depth: int) -> str:
    return f"array(shape={tuple(value.shape)}, dtype={value.dtype})"


def _enum(value: Enum, depth: int) -> str:
    return value.name


def _number(value: Any, depth: int) -> Any:
    """A subclass of a plain type, as the plain type has it."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind.__str__(value) if kind is str else kind(value)
    return str(type(value).__name__)


def _object(value: Any, depth: int) -> str:
    """``Class(argument=…)`` for an object of Keras; the class alone for anybody else's."""
    name = type(value).__name__
    if not depth or not _is_kerasic(type(value)):
        return name
    if name == "DTypePolicy":
        return str(value.name)
    arguments = [
        f"{parameter}={unless_secret(parameter, _literal(given, depth - 1))}"
        for parameter, given in _given(value)
    ]
    return f"{name}({', '.join(arguments)})" if arguments else name


def _is_kerasic(class_: type) -> bool:
    """Whether Keras, or a subclass of what is Keras', made the attributes by that convention."""
    return any(each.__module__.partition(".")[0] == "keras" for each in class_.__mro__)


def _given(value: Any) -> list[tuple[str, Any]]:
    pairs = []
    for name, parameter in parameters_of(type(value)).items():
        found = argument_value(value, name)
        if found is MISSING or found is None or _equal(found, parameter.default):
            continue
        if name != "dtype":
            pairs.append((name, found))
    return pairs


def _equal(value: Any, default: Any) -> bool:
    value = _unwrapped(value)
    if isinstance(value, float) and isinstance(default, float) and math.isnan(default):
        return math.isnan(value)
    return type(value) in ATOMS and type(default) in ATOMS and bool(value == default)


def _literal(value: Any, depth: int) -> str:
    plain = _plain(value, depth)
    is_text = isinstance(_unwrapped(value), str)
    return repr(plain) if is_text else plain if isinstance(plain, str) else json.dumps(plain)


_READERS: tuple[tuple[Any, Callable[[Any, int], Any]], ...] = (
    (Enum, _enum),
    ((str, bool, int, float), _number),
    (Mapping, _mapping),
    ((list, tuple, set, frozenset), _sequence),
    (np.ndarray, _array),
)
