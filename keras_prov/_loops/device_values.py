"""Numbers that may still be on a device, read together and once.

Reading one waits until it is computed. So a batch's value is kept as it is, and all that an epoch
has gathered are read where it ends: one transfer for the values of a kind.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["detached", "is_on_device", "numbers_of", "read_together"]


def is_on_device(value: Any) -> bool:
    """Whether it is a tensor of a backend with one number; NumPy's are read at once."""
    return _library_of(value) is not None and _size(value) == 1


def detached(value: Any) -> Any:
    """The value without what computed it: PyTorch's tensors keep the whole graph of a step."""
    detach = getattr(value, "detach", None)
    return detach() if detach is not None and _library_of(value) == "torch" else value


def numbers_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those that are on a device as numbers; anything else stays as it is."""
    there = {name: value for name, value in values.items() if is_on_device(value)}
    numbers = read_together(list(there.values()))
    return {**values, **dict(zip(there, numbers, strict=True))}


def read_together(values: Sequence[Any]) -> list[float]:
    """The numbers, in as few transfers as their libraries allow."""
    result = [float("nan")] * len(values)
    for library, read in _READERS.items():
        mine = [place for place, value in enumerate(values) if _library_of(value) == library]
        if mine:
            numbers = _read([values[place] for place in mine], read)
            for place, number in zip(mine, numbers, strict=True):
                result[place] = number
    return result


def _read(values: Sequence[Any], read: Callable[[Sequence[Any]], Any]) -> list[float]:
    if len(values) > 1:
        with contextlib.suppress(Exception):  # of different types, or on different devices
            return [float(each) for each in read(values)]
    return [_number(each) for each in values]


def _number(value: Any) -> float:
    return float(value.detach()) if _is_torch(value) else float(np.asarray(value).reshape(()))


def _library_of(value: Any) -> str | None:
    """The library whose tensor it is."""
    module = type(value).__module__
    if module.startswith(("numpy", "builtins")):
        return None
    if _is_torch(value):
        return "torch"
    jax, tensorflow = sys.modules.get("jax"), sys.modules.get("tensorflow")
    if jax is not None and isinstance(value, getattr(jax, "Array", ())):
        return "jax"
    if tensorflow is not None and isinstance(
        value, (getattr(tensorflow, "Tensor", ()), getattr(tensorflow, "Variable", ()))
    ):
        return "tensorflow"
    return None


def _is_torch(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch, "Tensor", ()))


def _size(value: Any) -> int | None:
    shape = getattr(value, "shape", None)
    try:
        return None if shape is None else int(np.prod(tuple(shape), dtype=int))
    except (TypeError, ValueError):  # of unknown length
        return None


def _of_torch(values: Sequence[Any]) -> Any:
    return sys.modules["torch"].stack([value.detach().reshape(()) for value in values]).tolist()


def _of_jax(values: Sequence[Any]) -> Any:
    return sys.modules["jax"].device_get(list(values))


def _of_tensorflow(values: Sequence[Any]) -> Any:
    tensorflow = sys.modules["tensorflow"]
    return tensorflow.stack([tensorflow.reshape(value, ()) for value in values]).numpy()


_READERS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "torch": _of_torch,
    "jax": _of_jax,
    "tensorflow": _of_tensorflow,
}
