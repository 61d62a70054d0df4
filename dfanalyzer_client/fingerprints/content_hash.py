"""SHA-256 of the content of arrays, in bounded time: large arrays are sampled in blocks.

The hash covers dtype, shape and elements, in C order and little-endian. So the same content has the
same hash, whatever its memory layout and container.
"""

from __future__ import annotations

import datetime
import decimal
import hashlib
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["ContentHash", "array_hash", "dtype_name", "objects_hash", "parts_hash"]

WHOLE_BYTES = 64 << 20
WHOLE_OBJECTS = 1 << 18
BLOCKS = 64
BLOCK_BYTES = 64 << 10
BLOCK_OBJECTS = 64

WHOLE = "whole"


class ContentHash(NamedTuple):
    """A hash as ``sha256:…``, and of what: ``whole``, or ``sampled:64x64KiB``."""

    hash: str
    kind: str


class _UnstableError(Exception):
    """An object has no bytes that are the same in every run."""


def array_hash(array: np.ndarray[Any, Any], share: int = 1) -> ContentHash | None:
    """The hash of an array; None if it has objects whose content cannot be read.

    Args:
        array: of any dtype; it is not changed.
        share: how many arrays share the time limit.
    """
    array = np.asarray(array)  # a subclass may override methods
    if array.dtype.hasobject or array.dtype.kind == "T":
        flat = array.flat
        return objects_hash(dtype_name(array.dtype), array.shape, lambda a, b: flat[a:b], share)
    kind, blocks = WHOLE, BLOCKS
    if array.nbytes > WHOLE_BYTES // share:
        blocks = max(2, BLOCKS // share)
        kind = f"sampled:{blocks}x{BLOCK_BYTES >> 10}KiB"
    digest = _new_digest(kind, dtype_name(array.dtype), array.shape)
    for block in [_flat(array)] if kind == WHOLE else _sample(array, blocks):
        for column in _columns(block):
            digest.update(column)
    return ContentHash(f"sha256:{digest.hexdigest()}", kind)


def objects_hash(
    dtype: str,
    shape: Sequence[int],
    take: Callable[[int, int], Iterable[Any]],
    share: int = 1,
) -> ContentHash | None:
    """The hash of texts and other objects of the standard library.

    Args:
        dtype: its name.
        shape: of their array.
        take: returns the objects from one position to another, in C order.
        share: how many arrays share the time limit.
    """
    count = int(np.prod(shape, dtype=np.int64))
    try:
        if count <= WHOLE_OBJECTS // share:
            whole = _objects_digest(WHOLE, dtype, shape, _bytes_of(take, [(0, count)]), WHOLE_BYTES)
            if whole is not None:
                return whole
        blocks = max(2, BLOCKS // share)
        kind = f"sampled:{blocks}x{BLOCK_OBJECTS} elements"
        return _objects_digest(
            kind, dtype, shape, _bytes_of(take, _spans(count, BLOCK_OBJECTS, blocks))
        )
    except _UnstableError:
        return None


def parts_hash(
    parts: Mapping[str, Callable[[int], ContentHash | None]],
) -> ContentHash | None:
    """The hash of several arrays, such as the columns of a table.

    Args:
        parts: by name, a function that hashes a part, given how many share the time limit.
    """
    digest, kind = hashlib.sha256(b"parts"), WHOLE
    for name, hash_of in parts.items():
        part = hash_of(len(parts))
        if part is None:
            return None
        kind = part.kind if kind == WHOLE else kind
        digest.update(_framed(name.encode("utf-8", "surrogatepass")) + part.hash.encode())
    return ContentHash(f"sha256:{digest.hexdigest()}", kind)


def dtype_name(dtype: np.dtype[Any]) -> str:
    """The name of a dtype, whatever its byte order; that of a record has its fields."""
    if dtype.fields is None:
        return str(dtype.name)
    fields = (f"{name}: {dtype_name(field[0])}" for name, field in dtype.fields.items())
    return f"{{{', '.join(fields)}}}"


def _new_digest(kind: str, dtype: str, shape: Sequence[int]) -> Any:
    return hashlib.sha256(f"{kind}|{dtype}|{tuple(int(n) for n in shape)}|".encode())


def _flat(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(array).reshape(-1)


def _sample(array: np.ndarray[Any, Any], blocks: int) -> Iterator[np.ndarray[Any, Any]]:
    flat = array.reshape(-1) if array.flags.c_contiguous else array.flat  # no copy of all
    for start, stop in _spans(array.size, max(1, BLOCK_BYTES // array.itemsize), blocks):
        yield flat[start:stop]


def _spans(count: int, length: int, blocks: int) -> list[tuple[int, int]]:
    """Evenly spaced blocks, including the first and the last."""
    last = max(0, count - length)
    starts = sorted({last * i // (blocks - 1) for i in range(blocks)})
    return [(start, min(count, start + length)) for start in starts]


def _columns(block: np.ndarray[Any, Any]) -> Iterator[bytes | memoryview]:
    """The bytes of the elements; of records field by field, without padding."""
    dtype = block.dtype
    if dtype.fields is not None:
        for name in dtype.fields:
            yield from _columns(np.ascontiguousarray(block[name]).reshape(-1))
    elif dtype.itemsize and block.size:
        if dtype.byteorder == ">" or (dtype.byteorder == "=" and sys.byteorder == "big"):
            block = block.astype(dtype.newbyteorder("<"))
        yield block.view(np.uint8).data


def _bytes_of(
    take: Callable[[int, int], Iterable[Any]], spans: Iterable[tuple[int, int]]
) -> Iterator[bytes]:
    for start, stop in spans:
        for value in take(start, stop):
            yield _object_bytes(value)


def _objects_digest(
    kind: str,
    dtype: str,
    shape: Sequence[int],
    texts: Iterable[bytes],
    max_bytes: int | None = None,
) -> ContentHash | None:
    """The hash of all `texts`; None if they have more than `max_bytes` bytes."""
    digest, total = _new_digest(kind, dtype, shape), 0
    for text in texts:
        total += len(text)
        if max_bytes is not None and total > max_bytes:
            return None
        digest.update(text)
    return ContentHash(f"sha256:{digest.hexdigest()}", kind)


def _framed(content: bytes) -> bytes:
    return b"%d:%b" % (len(content), content)


_BY_REPR = (
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    uuid.UUID,
)


_PANDAS_SCALARS = frozenset({"Interval", "NAType", "NaTType", "Period", "Timedelta", "Timestamp"})


def _object_bytes(value: Any) -> bytes:
    """Bytes of an object's content, the same in every run, without calling the user's code."""
    if isinstance(value, str):
        return b"s" + _framed(str.encode(value, "utf-8", "surrogatepass"))
    if isinstance(value, bytes):
        return b"y" + _framed(bytes(value))
    if value is None or isinstance(value, bool):
        return b"c" + _framed(repr(value).encode())
    if isinstance(value, int):
        return b"i" + _framed(int.__repr__(value).encode())
    if isinstance(value, float):
        return b"f" + _framed(float.__repr__(value).encode())
    if type(value) in _BY_REPR or _is_pandas_scalar(type(value)):
        return b"r" + _framed(repr(value).encode())
    if isinstance(value, (list, tuple)):
        return b"l" + _framed(b"".join(_object_bytes(item) for item in value))
    if isinstance(value, (np.ndarray, np.generic)):
        found = array_hash(np.asarray(value))
        if found is not None:
            return b"a" + _framed(found.hash.encode())
    raise _UnstableError


def _is_pandas_scalar(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ in _PANDAS_SCALARS
