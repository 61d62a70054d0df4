"""Any value as a text that says what it is: a loss, a metric, an initializer, a callback.

Nothing of the value is called: `get_config()` may raise, warn or serialize a lambda, and a user's
`__repr__` may do anything. A Keras object is described by its class and its `changed_arguments`.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import numpy as np

from dfanalyzer_client.masking import MASK, is_secret, is_secret_name

from .._notebook.places import place
from .constructor_arguments import ATOMS, changed_arguments, is_of_keras, unwrapped
from .numbers import number_of, shortest

__all__ = ["MAX_ITEMS", "describe", "describe_argument", "unless_secret"]

MAX_DEPTH = 6
"""Deeper values are described by their class only."""

MAX_ITEMS = 10_000
"""Further items of a container are counted and left out."""

LIBRARIES = ("keras", "tensorflow", "jax", "torch", "numpy")
"""Their functions are described by their names only."""

LAMBDA = "<lambda>"


def describe(value: Any) -> str:
    """`value` as a text: a text as it is, anything else as JSON or ``Class(argument=…)``."""
    plain = _plain(value, MAX_DEPTH)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, (bool, int, float)) or plain is None:
        return str(plain)
    return json.dumps(plain)


def describe_argument(value: Any) -> str:
    """As `describe`, but a lambda without its place: its owner was created at the same place."""
    if getattr(value, "__name__", None) == LAMBDA and hasattr(value, "__code__"):
        return describe(value).removesuffix(_place_of(value.__code__))
    return describe(value)


def unless_secret(name: str, plain: Any) -> Any:
    """A JSON value, or the mask if its name says that it is a secret.

    Texts are masked later as well. Masked here, what is written as JSON stays valid JSON.
    """
    if not is_secret_name(name):
        return plain
    text = plain if isinstance(plain, str) else json.dumps(plain)
    return MASK if is_secret(name, text) else plain


def _plain(value: Any, depth: int) -> Any:
    """`value` as a JSON value; one that cannot be read is described by its class."""
    try:
        return _read(unwrapped(value), depth)
    except Exception:  # a user's container or name may raise anything
        return type(value).__name__


def _read(value: Any, depth: int) -> Any:
    if type(value) in ATOMS:
        return value
    for kind, read in _READERS:
        if isinstance(value, kind):
            return read(value, depth)
    if isinstance(value, functools.partial):
        return _partial(value, depth)
    if callable(value) and hasattr(value, "__name__"):
        return _function(value, depth)
    if _is_scalar_variable(value):
        return _scalar(value)
    return _object(value, depth)


def _mapping(value: Mapping[Any, Any], depth: int) -> Any:
    if not depth:
        return f"{len(value)} items"
    items = list(value.items())[:MAX_ITEMS]
    named = ((key if isinstance(key, str) else str(_plain(key, 0)), item) for key, item in items)
    return {name: unless_secret(name, _plain(item, depth - 1)) for name, item in named}


def _sequence(value: Any, depth: int) -> Any:
    if not depth:
        return f"{len(value)} items"
    listed = [_plain(item, depth - 1) for item in list(value)[:MAX_ITEMS]]
    left = len(value) - len(listed)
    return [*listed, f"… {left} more"] if left else listed


def _array(value: Any, depth: int) -> str:
    return f"array(shape={tuple(value.shape)}, dtype={value.dtype})"


def _enum(value: Enum, depth: int) -> str:
    return value.name


def _number(value: Any, depth: int) -> Any:
    """An object of a plain type's subclass as one of the plain type."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind.__str__(value) if kind is str else kind(value)
    return str(type(value).__name__)


def _object(value: Any, depth: int) -> str:
    """``Class(argument=…)`` for an object of Keras; only the class for any other."""
    name = type(value).__name__
    if not depth or not is_of_keras(type(value)):
        return name
    if name == "DTypePolicy":
        return str(value.name)
    arguments = [
        f"{parameter}={unless_secret(parameter, _literal(given, depth - 1))}"
        for parameter, given in changed_arguments(value)
    ]
    return f"{name}({', '.join(arguments)})" if arguments else name


def _function(function: Any, depth: int) -> str:
    """A function's name; with the values it has captured if it is the user's, a lambda's place."""
    name, code = str(function.__name__), getattr(function, "__code__", None)
    if code is None or (function.__module__ or "").partition(".")[0] in LIBRARIES:
        return name
    captured = _captured_values(function, code) if depth else {}
    arguments = [
        f"{variable}={unless_secret(variable, _captured(value, depth))}"
        for variable, value in captured.items()
    ]
    described = f"{name}({', '.join(arguments)})" if arguments else name
    return f"{described}{_place_of(code)}" if name == LAMBDA else described


def _place_of(code: Any) -> str:
    return f" {place(code.co_filename, code.co_firstlineno)}"


def _captured(value: Any, depth: int) -> str:
    """A layer or a model by its class only: its layers are recorded elsewhere."""
    return _literal(value, 0 if hasattr(type(value), "_flatten_layers") else depth - 1)


def _captured_values(function: Any, code: Any) -> dict[str, Any]:
    """The values of a function's closure, and its defaults."""
    captured: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        if name not in ("self", "__class__", function.__name__):
            with contextlib.suppress(ValueError):  # nothing in it yet
                captured[name] = cell.cell_contents
    defaults = getattr(function, "__defaults__", None) or ()
    named = code.co_varnames[: code.co_argcount]
    captured |= dict(zip(named[len(named) - len(defaults) :], defaults, strict=False))
    return captured | dict(getattr(function, "__kwdefaults__", None) or {})


def _partial(value: Any, depth: int) -> str:
    name = _plain(value.func, 0)
    if not depth:
        return f"{name}"
    arguments = [_literal(argument, depth - 1) for argument in value.args]
    arguments += [
        f"{key}={unless_secret(key, _literal(argument, depth - 1))}"
        for key, argument in value.keywords.items()
    ]
    return f"{name}({', '.join(arguments)})"


def _is_scalar_variable(value: Any) -> bool:
    """Whether it is a Keras variable that holds one number, as a learning rate does."""
    is_variable = is_of_keras(type(value)) and hasattr(value, "_initializer")
    return is_variable and getattr(value, "_shape", None) == ()


def _scalar(value: Any) -> Any:
    try:
        return shortest(number_of(value))
    except Exception:  # no value yet, or within a function that is being traced
        return type(value).__name__


def _literal(value: Any, depth: int) -> str:
    plain = _plain(value, depth)
    is_text = isinstance(unwrapped(value), str)
    return repr(plain) if is_text else plain if isinstance(plain, str) else json.dumps(plain)


_READERS: tuple[tuple[Any, Callable[[Any, int], Any]], ...] = (
    (Enum, _enum),
    ((str, bool, int, float), _number),
    (Mapping, _mapping),
    ((list, tuple, set, frozenset), _sequence),
    (np.ndarray, _array),
)
