"""Any value as a text that says what it is: a loss, a metric, an initializer, a callback.

Nothing of the value is called: `get_config()` may raise, warn or serialize a lambda, and a user's
`__repr__` may do anything. A Keras object is its class with those arguments that differ from their
defaults, read from the attributes of the same name.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import math
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import numpy as np

from dfanalyzer_client.masking import MASK, is_secret, is_secret_name

from .._tracking.calls import Construction
from .numbers import number_of, shortest

__all__ = [
    "MISSING",
    "argument_value",
    "describe",
    "describe_argument",
    "given_argument",
    "parameters_of",
    "unless_secret",
]

MISSING = object()
DEEPEST = 6
"""Nested values beyond are named by their class alone."""

LONGEST = 10_000
"""Items of a container beyond are counted and left out."""

LIBRARIES = ("keras", "tensorflow", "jax", "torch", "numpy")
"""Their functions are known by their names."""

LAMBDA = "<lambda>"
MEASURING = ("keras.src.metrics.", "keras.src.losses.")

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


def describe_argument(value: Any) -> str:
    """As `describe`, of what stands where its owner was made: a lambda without its place."""
    if getattr(value, "__name__", None) == LAMBDA and hasattr(value, "__code__"):
        return describe(value).removesuffix(_place_of(value.__code__))
    return describe(value)


def parameters_of(class_: type) -> Mapping[str, inspect.Parameter]:
    """The constructor's parameters by name, without ``self`` and ``name``; none if it has none."""
    key: Any = class_
    return _parameters_of(key)


def given_argument(made: Construction, class_: type, name: str) -> Any:
    """A plain argument as a constructor's call gave it; MISSING where it did not."""
    if name in made.kwargs:
        return made.kwargs[name]
    names = list(parameters_of(class_))
    position = names.index(name) if name in names else len(made.args)
    value = made.args[position] if position < len(made.args) else None
    return MISSING if value is None else value


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
    # of an optimizer the property would call what a user gave for it
    for attribute in (name, f"_{name}") if name != "learning_rate" else ("_learning_rate", name):
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
    if isinstance(value, functools.partial):
        return _partial(value, depth)
    if callable(value) and hasattr(value, "__name__"):
        return _function(value, depth)
    if _is_scalar_variable(value):
        return _scalar(value)
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


def _function(function: Any, depth: int) -> str:
    """The name, with what a user's function got where it was made, and the place of a lambda."""
    name, code = str(function.__name__), getattr(function, "__code__", None)
    if code is None or (function.__module__ or "").partition(".")[0] in LIBRARIES:
        return name
    held = _held_values(function, code) if depth else {}
    arguments = [
        f"{each}={unless_secret(each, _held(value, depth))}" for each, value in held.items()
    ]
    described = f"{name}({', '.join(arguments)})" if arguments else name
    return f"{described}{_place_of(code)}" if name == LAMBDA else described


def _place_of(code: Any) -> str:
    return f" {code.co_filename}:{code.co_firstlineno}"


def _held(value: Any, depth: int) -> str:
    """A layer or a model by its class alone: what it is stands elsewhere."""
    return _literal(value, 0 if hasattr(type(value), "_flatten_layers") else depth - 1)


def _held_values(function: Any, code: Any) -> dict[str, Any]:
    """What a function got from where it was made: its closure's values, and its defaults."""
    held: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        if name not in ("self", "__class__", function.__name__):
            with contextlib.suppress(ValueError):  # nothing in it yet
                held[name] = cell.cell_contents
    defaults = getattr(function, "__defaults__", None) or ()
    named = code.co_varnames[: code.co_argcount]
    held |= dict(zip(named[len(named) - len(defaults) :], defaults, strict=False))
    return held | dict(getattr(function, "__kwdefaults__", None) or {})


def _partial(value: Any, depth: int) -> str:
    name = _plain(value.func, 0)
    if not depth:
        return f"{name}"
    arguments = [_literal(each, depth - 1) for each in value.args]
    arguments += [
        f"{key}={unless_secret(key, _literal(each, depth - 1))}"
        for key, each in value.keywords.items()
    ]
    return f"{name}({', '.join(arguments)})"


def _is_scalar_variable(value: Any) -> bool:
    """Whether it is a variable of Keras' that holds one number, as a learning rate's does."""
    is_variable = _is_kerasic(type(value)) and hasattr(value, "_initializer")
    return is_variable and getattr(value, "_shape", None) == ()


def _scalar(value: Any) -> Any:
    try:
        return shortest(number_of(value))
    except Exception:  # no value yet, or within a function that is being traced
        return type(value).__name__


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
    return [*pairs, *_given_name(value)]


def _given_name(value: Any) -> list[tuple[str, Any]]:
    """The name of a loss or metric that is not its class'; of a metric the logs have it."""
    class_: Any = type(value)
    if not any(each.__module__.startswith(MEASURING) for each in class_.__mro__):
        return []
    name = getattr(value, "name", None)
    if not isinstance(name, str) or name in _usual_names(class_):
        return []
    return [("name", name)]


@functools.lru_cache(maxsize=256)
def _usual_names(class_: Any) -> frozenset[str]:
    """What Keras calls an object of the class when nobody gives it a name."""
    snake = re.sub(
        "([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", class_.__name__)
    )
    with contextlib.suppress(TypeError, ValueError, LookupError):
        default = inspect.signature(class_.__init__).parameters["name"].default
        return frozenset({snake.lower(), str(default)})
    return frozenset({snake.lower()})


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
