"""What data a training used: a row for each array, tensor, table or pipeline.

The data are not touched. No generator is consumed, no dataset is iterated or indexed, no code that
may be the user's is asked for a length, and nothing is moved between devices.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dfanalyzer_client.fingerprints.content_hash import ContentHash
from dfanalyzer_client.fingerprints.table_hash import column_hash, table_hash

from .._guard import guarded
from .pipelines import pipeline_of
from .tensors import tensor_of

__all__ = ["Fingerprint", "fingerprint"]

MAX_LEAVES = 1000
MAX_CHARACTERS = 2000


@dataclass(frozen=True)
class Fingerprint:
    """What identifies one part of the data.

    Attributes:
        ROLE: what the data are used for: ``training``, ``validation`` or ``test``.
        NAME: which part it is: ``x``, ``x/0``, ``y/label``.
        KIND: ``array``, ``tensor``, ``ragged``, ``sparse``, ``variable``, ``dataframe``,
            ``series``, ``list``, ``tf.data``, ``PyDataset``, ``DataLoader``, ``grain``,
            ``generator`` or ``object``.
        SHAPE: as a text; None if it has none.
        DTYPE: its name.
        SAMPLES: the first dimension.
        HASH: ``sha256:…`` of the content; None if reading it would have side effects.
        HASH_KIND: ``whole``, or how it was sampled: ``sampled:64x64KiB``.
        SPEC: what else is known of the object.
    """

    ROLE: str
    NAME: str
    KIND: str
    SHAPE: str | None = None
    DTYPE: str | None = None
    SAMPLES: int | None = None
    HASH: str | None = None
    HASH_KIND: str | None = None
    SPEC: str | None = None


def fingerprint(role: str, data: Mapping[str, Any]) -> list[Fingerprint]:
    """The fingerprints of what `fit` or `evaluate` was given.

    Args:
        role: what the data are used for.
        data: as ``{"x": …, "y": …, "sample_weight": …}``; None is left out.
    """
    found: list[Fingerprint] = []
    for name, value in _leaves(data):
        with guarded("the fingerprint of the data", lost="the fingerprint of a part of the data"):
            found += _fingerprints(Fingerprint(role, name, "object"), value)
    return found


def _leaves(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values in nested dictionaries, lists and tuples, by path."""
    pending = list(data.items())
    pending.reverse()
    seen = 0
    while pending and seen < MAX_LEAVES:
        name, value = pending.pop()
        if isinstance(value, dict):
            pending += [(f"{name}/{key}", item) for key, item in reversed(dict.items(value))]
        elif isinstance(value, (list, tuple)) and not _is_of_scalars(value):
            inner = value[:MAX_LEAVES]
            pending += [(f"{name}/{i}", inner[i]) for i in reversed(range(len(inner)))]
        elif value is not None:
            seen += 1
            yield name, value


def _is_of_scalars(values: list[Any] | tuple[Any, ...]) -> bool:
    return not values or isinstance(values[0], (bool, int, float, str, bytes, np.generic))


def _fingerprints(blank: Fingerprint, value: Any) -> Iterator[Fingerprint]:
    if isinstance(value, (list, tuple)):
        yield replace(blank, KIND="list", SHAPE=f"({len(value)},)", SAMPLES=len(value))
    elif (tensor := tensor_of(value)) is not None:
        row = replace(blank, KIND=tensor.kind, DTYPE=tensor.dtype, SPEC=tensor.place)
        yield _hashed(_shaped(row, tensor.shape), tensor.hash)
    elif _is_pandas(value):
        yield _table(blank, value)
    else:
        yield from _pipeline(blank, value)


def _shaped(row: Fingerprint, shape: tuple[int | None, ...] | None) -> Fingerprint:
    if shape is None:
        return row
    dimensions = tuple(None if size is None else int(size) for size in shape)
    return replace(row, SHAPE=str(dimensions), SAMPLES=dimensions[0] if dimensions else None)


def _hashed(row: Fingerprint, hash_of: Callable[[], ContentHash | None]) -> Fingerprint:
    with guarded("the hash of the data", lost="the hash of a part of the data"):
        found = hash_of()
        if found is not None:
            return replace(row, HASH=found.hash, HASH_KIND=found.kind)
    return row


def _is_pandas(value: Any) -> bool:
    """Whether it is pandas' own class: a subclass may run the user's code."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and type(value) in (pandas.DataFrame, pandas.Series)


def _table(blank: Fingerprint, value: Any) -> Fingerprint:
    """A data frame, or one column; the hash covers names and values, not the index."""
    if value.ndim == 1:
        row = replace(blank, KIND="series", DTYPE=str(value.dtype), SPEC=_cut(repr(value.name)))
        return _hashed(_shaped(row, value.shape), lambda: column_hash(value))
    columns = [value.iloc[:, i] for i in range(value.shape[1])]
    dtypes = list(dict.fromkeys(str(column.dtype) for column in columns))
    spec = ", ".join(f"{column.name}: {column.dtype}" for column in columns[:MAX_LEAVES])
    row = replace(
        blank,
        KIND="dataframe",
        DTYPE=dtypes[0] if len(dtypes) == 1 else "mixed",
        SPEC=_cut(spec),
    )
    return _hashed(_shaped(row, value.shape), lambda: table_hash(value))


def _pipeline(blank: Fingerprint, value: Any) -> Iterator[Fingerprint]:
    """A source of batches, and the tensors that it is known to hold."""
    pipeline = pipeline_of(value)
    samples = None if pipeline.samples is None else int(pipeline.samples)
    yield replace(blank, KIND=pipeline.kind, SPEC=_cut(pipeline.spec), SAMPLES=samples)
    for i, tensor in enumerate(pipeline.tensors[:MAX_LEAVES]):
        yield from _fingerprints(replace(blank, NAME=f"{blank.NAME}/dataset/{i}"), tensor)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + "…"
