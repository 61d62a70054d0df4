"""Arrays and tensors of any library: shape, dtype and, if they are on the CPU, their numbers.

Libraries are looked up among the imported modules. Nothing is moved between devices. Only reading
the CPU's memory may wait for a pending computation.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from dfanalyzer_client.fingerprints.content_hash import (
    WHOLE_OBJECTS,
    ContentHash,
    array_hash,
    dtype_name,
    parts_hash,
)

__all__ = ["Tensor", "tensor_of"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Tensor:
    """What is known of an array or a tensor.

    Attributes:
        kind: ``array``, ``tensor``, ``ragged``, ``sparse`` or ``variable``.
        shape: its dimensions, which may be None.
        dtype: its name, the same in all libraries.
        place: library and device; None for plain NumPy.
        arrays: its numbers, by name; empty if they are not in the CPU's memory.
    """

    kind: str
    shape: tuple[int | None, ...] | None
    dtype: str
    place: str | None = None
    arrays: Mapping[str, Array] = field(default_factory=dict)

    def hash(self) -> ContentHash | None:
        """The hash of the numbers, if they are available."""
        if list(self.arrays) == [""]:
            return array_hash(self.arrays[""])
        if not self.arrays:
            return None
        return parts_hash({name: _hash_of(array) for name, array in self.arrays.items()})


def tensor_of(value: Any) -> Tensor | None:
    """`value` as a tensor; None if it is not one."""
    if isinstance(value, (np.ndarray, np.generic)):
        return Tensor("array", value.shape, dtype_name(value.dtype), None, {"": np.asarray(value)})
    for library, read in _LIBRARIES.items():
        module = sys.modules.get(library)
        if module is not None and (found := read(module, value)) is not None:
            return found
    return None


def _hash_of(array: Array) -> Callable[[int], ContentHash | None]:
    return lambda share: array_hash(array, share)


def _sparse(module: ModuleType, value: Any) -> Tensor | None:
    if not module.issparse(value):
        return None
    names = {"coo": ("row", "col", "data"), "dia": ("offsets", "data")}.get(
        value.format, ("indptr", "indices", "data")
    )
    known = all(isinstance(getattr(value, name, None), np.ndarray) for name in names)
    arrays = {name: getattr(value, name) for name in names} if known else {}
    dtype = dtype_name(value.dtype)
    return Tensor("sparse", tuple(value.shape), dtype, f"scipy {value.format}", arrays)


def _tensorflow(module: ModuleType, value: Any) -> Tensor | None:
    if not _is_tensorflow(value):
        return None
    if isinstance(value, module.Variable):
        return Tensor("variable", _static(value.shape), value.dtype.name, "tensorflow")
    if isinstance(value, module.RaggedTensor):
        splits = {
            f"row_splits_{i}": row_splits for i, row_splits in enumerate(value.nested_row_splits)
        }
        return _composite("ragged", value, {**splits, "values": value.flat_values})
    if isinstance(value, module.SparseTensor):
        return _composite("sparse", value, {"indices": value.indices, "values": value.values})
    if isinstance(value, module.Tensor):
        array = _eager_array(value)
        arrays = {} if array is None else {"": array}
        device = getattr(value, "backing_device", "a device:graph").rpartition("device:")[2]
        place = f"tensorflow {device}"
        return Tensor("tensor", _static(value.shape), value.dtype.name, place, arrays)
    return None


def _is_tensorflow(value: Any) -> bool:
    """Whether its class is TensorFlow's. Naming the classes would load parts of TensorFlow."""
    return any(class_.__module__.startswith("tensorflow.python.") for class_ in type(value).__mro__)


def _composite(kind: str, value: Any, parts: Mapping[str, Any]) -> Tensor:
    arrays = {name: _eager_array(part) for name, part in parts.items()}
    known = {name: array for name, array in arrays.items() if array is not None}
    return Tensor(
        kind,
        _static(value.shape),
        value.dtype.name,
        "tensorflow",
        known if len(known) == len(parts) else {},
    )


def _eager_array(tensor: Any) -> Array | None:
    """The numbers of an eager tensor on the CPU, without a copy."""
    device = getattr(tensor, "backing_device", None)  # None: a tensor of a graph
    if device is None or "CPU:" not in device:
        return None
    if tensor.dtype.name in ("resource", "variant"):
        return None
    if tensor.dtype.name == "string" and tensor.shape.num_elements() > WHOLE_OBJECTS:
        return None  # every string would become an object
    return np.asarray(tensor)


def _static(shape: Any) -> tuple[int | None, ...] | None:
    return None if shape.rank is None else tuple(shape.as_list())


def _jax(module: ModuleType, value: Any) -> Tensor | None:
    if not isinstance(value, module.Array):
        return None
    shape, dtype = tuple(value.shape), str(value.dtype)
    if type(value).__qualname__ != "ArrayImpl" or value.is_deleted():  # traced, or donated
        return Tensor("tensor", shape, dtype, "jax")
    devices = sorted(value.devices(), key=lambda device: device.id)
    place = "jax " + ", ".join(f"{device.platform}:{device.id}" for device in devices)
    plain = len(devices) == 1 and devices[0].platform == "cpu" and not dtype.startswith("key<")
    return Tensor("tensor", shape, dtype, place, {"": np.asarray(value)} if plain else {})


def _torch(module: ModuleType, value: Any) -> Tensor | None:
    if not isinstance(value, module.Tensor):
        return None
    dtype = str(value.dtype).removeprefix("torch.")
    place = f"torch {value.device}"
    ours = type(value) in (module.Tensor, module.nn.Parameter)  # a subclass may run the user's code
    plain = ours and value.device.type == "cpu" and value.layout == module.strided
    arrays = {"": _torch_array(module, value.detach(), dtype)} if plain else {}
    return Tensor("tensor", tuple(value.shape), dtype, place, arrays)


def _torch_array(module: ModuleType, tensor: Any, dtype: str) -> Array:
    """The numbers of a tensor on the CPU, without a copy."""
    tensor = tensor.resolve_conj().resolve_neg()
    small = getattr(sys.modules.get("ml_dtypes"), dtype, None)  # NumPy has no bfloat16
    if small is None:
        return np.asarray(tensor.numpy())
    bits = module.uint16 if tensor.itemsize == 2 else module.uint8
    return np.asarray(tensor.view(bits).numpy().view(small))


_LIBRARIES: dict[str, Callable[[ModuleType, Any], Tensor | None]] = {
    "tensorflow": _tensorflow,
    "jax": _jax,
    "torch": _torch,
    "scipy.sparse": _sparse,
}
