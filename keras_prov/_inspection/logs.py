"""Keras' `logs` as parts that a database can store: numbers, and texts of everything else.

A number is one part. A small array or list has a part for each number, named by its index
(``confusion_0_1``), so that SQL can compare them. Anything else, and a larger array, is one text:
JSON unless it was a text.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

import keras
import numpy as np

from dfanalyzer_client.masking import captured_text

from .describe import MAX_ITEMS, describe

__all__ = ["HistoryReader", "Part", "in_naming_order", "parts_of", "plain_logs", "reserved_names"]

MAX_PARTS = 100
"""An array with more numbers is one text."""

AS_TEXT = "_text"
INTEGERS = range(-(2**63), 2**63)
PLAIN_TYPES = (
    complex,
    bytes,
    np.datetime64,
    np.timedelta64,
    PurePath,
    datetime.date,
    datetime.time,
    datetime.timedelta,
)
ALWAYS_KEPT = frozenset({"loss", "val_loss"})


class Part(NamedTuple):
    """A part of `logs` that becomes one attribute.

    Attributes:
        key: its key in `logs`.
        suffix: its index in an array, as ``_0_1``, or ``_text``; empty for a number.
    """

    key: Any
    suffix: str = ""

    @property
    def name(self) -> str:
        """The attribute's name, unless another one has it."""
        return f"{self.key}{self.suffix}"

    @property
    def is_text(self) -> bool:
        """Whether its values are texts."""
        return self.suffix == AS_TEXT


class HistoryReader:
    """Reads what the user's own History, which is called before us, keeps of every epoch.

    Args:
        given: what `fit` was given as `callbacks`.

    Attributes:
        is_given: whether there is one.
    """

    def __init__(self, given: Any) -> None:
        is_list = isinstance(given, keras.callbacks.CallbackList)
        callbacks = given.callbacks if is_list else keras.tree.flatten(given)
        found = [
            callback for callback in callbacks if isinstance(callback, keras.callbacks.History)
        ]
        self._history = found[-1] if found else None
        self.is_given = bool(found)
        self._lengths = self._lengths_now()

    def newest(self) -> dict[Any, Any] | None:
        """What it has kept since the last call; None if nothing, or without a History."""
        if self._history is None:
            return None
        before, self._lengths = self._lengths, self._lengths_now()
        grown = (name for name, length in self._lengths.items() if length > before.get(name, 0))
        return {name: self._history.history[name][-1] for name in grown} or None

    def _lengths_now(self) -> dict[Any, int]:
        kept = getattr(self._history, "history", {})
        return {name: len(values) for name, values in kept.items()}


def plain_logs(logs: Any) -> Mapping[Any, Any]:
    """`logs` as a plain dictionary, as Keras' History reads them."""
    if type(logs) is dict:
        return logs
    return dict(logs.items()) if logs and hasattr(logs, "items") else {}


def parts_of(logs: Mapping[Any, Any]) -> dict[Part, float | str | None]:
    """All parts of `logs`, in order."""
    return {Part(key, end): value for key, given in logs.items() for end, value in _read(given)}


def in_naming_order(parts: Iterable[Part], keras_keys: Iterable[Any]) -> list[Part]:
    """The parts in the order in which they choose their names.

    Keras' own metrics come before those of callbacks, and names in lower case before others: the
    database folds names, and of ``Loss`` and ``loss`` the former is renamed.
    """
    of_keras = frozenset(keras_keys)

    def claim(part: Part) -> tuple[bool, bool, bool]:
        return part.key not in of_keras, bool(part.suffix), part.name != part.name.lower()

    return sorted(parts, key=claim)


def reserved_names(keras_keys: Iterable[Any]) -> set[str]:
    """Names that are reserved before they are measured, as validation may begin later."""
    names = {key for key in keras_keys if isinstance(key, str) and key == key.lower()}
    return {*ALWAYS_KEPT, *names, *(f"val_{name}" for name in names)}


def _read(value: Any) -> Iterator[tuple[str, float | str | None]]:
    """Suffixes and values of the parts."""
    if type(value) is float or value is None:
        yield "", value
        return
    try:
        found = list(_parts(value))
    except Exception:  # of a tensor or of a class of the user's
        found = [(AS_TEXT, describe(value))]
    for suffix, part in found:
        yield suffix, captured_text(part) if isinstance(part, str) else part


def _parts(value: Any) -> Iterator[tuple[str, float | str | None]]:
    if isinstance(value, int):
        yield ("", int(value)) if int(value) in INTEGERS else (AS_TEXT, str(int(value)))
    elif isinstance(value, (list, tuple)) or _is_array(value):
        yield from _of_array(value)
    elif hasattr(type(value), "__float__"):
        yield "", float(value)
    else:
        yield AS_TEXT, _text(value)


def _of_array(value: Any) -> Iterator[tuple[str, float | str | None]]:
    array = _as_array(value)
    if array is None or not _is_numeric(array):
        yield AS_TEXT, _text(value)
    elif array.size == 1 and not isinstance(value, (list, tuple)):
        yield from _parts(_number(array.reshape(())))  # a number, as Keras reads it
    elif 0 < array.size <= MAX_PARTS:
        for place in np.ndindex(array.shape):
            yield "".join(f"_{index}" for index in place), _number(array[place])
    else:
        yield AS_TEXT, _text(array)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.generic) or hasattr(type(value), "__array__")


def _is_numeric(array: np.ndarray) -> bool:
    """Whether a DOUBLE or a 64-bit integer can hold its numbers; NumPy's kind of bfloat16 is V."""
    if array.dtype.kind == "u" and array.size and int(array.max()) not in INTEGERS:
        return False
    return array.dtype.kind in "biuf" or (array.dtype.kind == "V" and "float" in array.dtype.name)


def _number(scalar: Any) -> float:
    return scalar.item() if scalar.dtype.kind in "biu" else float(scalar)


def _as_array(value: Any) -> np.ndarray | None:
    """`value` as an array; None for a list that cannot be one, as rows of different lengths."""
    if not isinstance(value, (list, tuple)):
        return np.asarray(_to_numpy(value))
    try:
        return np.asarray([_to_numpy(item) for item in value])
    except ValueError:
        return None


def _to_numpy(value: Any) -> Any:
    """A tensor of the backend as a NumPy array; anything else as it is."""
    is_tensor = isinstance(value, keras.Variable) or keras.ops.is_tensor(value)
    return keras.ops.convert_to_numpy(value) if is_tensor else value


def _text(value: Any) -> str:
    """A text as it is, a container as JSON; one that is too large or recursive is described."""
    if isinstance(value, (str, *PLAIN_TYPES)):
        return str(value)
    is_container = isinstance(value, (list, tuple, Mapping)) or _is_array(value)
    if not is_container or _size(value) > MAX_ITEMS:
        return describe(value)
    try:
        return json.dumps(_jsonable(value), default=_jsonable)
    except (TypeError, ValueError, RecursionError):
        return describe(value)


def _size(value: Any) -> int:
    return int(value.size) if isinstance(value, np.ndarray) else len(value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    return np.asarray(_to_numpy(value)).tolist() if _is_array(value) else _text(value)
