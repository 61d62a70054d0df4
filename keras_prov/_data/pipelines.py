"""What is known of a dataset, loader or generator without asking it for a batch.

Only attributes are read, and only those of the framework's own classes. The length and items of a
pipeline come from the user's code, which may read files, draw random numbers or never return.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import GeneratorType
from typing import Any

__all__ = ["Pipeline", "pipeline_of"]

MAX_STEPS = 100


@dataclass(frozen=True)
class Pipeline:
    """A source of batches.

    Attributes:
        kind: ``tf.data``, ``PyDataset``, ``DataLoader``, ``grain``, ``generator`` or ``object``.
        spec: what is known of it.
        samples: how many it has, if its data are tensors.
        tensors: its data, if they are tensors.
    """

    kind: str
    spec: str
    samples: int | None = None
    tensors: tuple[Any, ...] = ()


def pipeline_of(value: Any) -> Pipeline:
    """Describe data that are not arrays."""
    classes = {f"{class_.__module__}.{class_.__qualname__}" for class_ in type(value).__mro__}
    for name, describe in _KINDS.items():
        if name in classes:
            return describe(value)
    if isinstance(value, GeneratorType):
        return Pipeline("generator", value.__qualname__)
    return Pipeline("generator" if hasattr(type(value), "__next__") else "object", _name(value))


def _tf_data(dataset: Any) -> Pipeline:
    """The element specification, and the number of elements if TensorFlow knows it."""
    spec = str(dataset.element_spec)
    cardinality = getattr(type(dataset), "cardinality", None)
    is_tensorflows = str(getattr(cardinality, "__module__", "")).startswith("tensorflow.")
    if (
        is_tensorflows and sys.modules["tensorflow"].executing_eagerly()
    ):  # or it would become part of a graph
        number = int(dataset.cardinality())
        spec += f"; cardinality {({-1: 'infinite', -2: 'unknown'}).get(number, number)}"
    return Pipeline("tf.data", spec)


def _py_dataset(dataset: Any) -> Pipeline:
    return Pipeline(
        "PyDataset",
        _with_attributes(dataset, "_workers", "_use_multiprocessing", "_max_queue_size"),
    )


def _data_loader(loader: Any) -> Pipeline:
    attributes = vars(loader)
    dataset = attributes.get("dataset")
    names = [_with_attributes(loader, "batch_size", "drop_last", "num_workers")]
    names += [
        f"{part}={_name(attributes[part])}" for part in ("dataset", "sampler") if part in attributes
    ]
    tensors: tuple[Any, ...] = ()
    if _name(dataset) == "torch.utils.data.dataset.TensorDataset":
        tensors = tuple(dataset.tensors)
    samples = tensors[0].shape[0] if tensors else None
    return Pipeline("DataLoader", ", ".join(names), samples, tensors)


def _grain(dataset: Any) -> Pipeline:
    """The classes of the pipeline, from source to output."""
    steps: list[str] = []
    while dataset is not None and len(steps) < MAX_STEPS:
        steps.append(type(dataset).__qualname__)
        parents = getattr(dataset, "__dict__", {}).get("_parents") or [None]
        dataset = parents[0]
    return Pipeline("grain", " > ".join(reversed(steps)))


def _with_attributes(value: Any, *names: str) -> str:
    attributes = getattr(value, "__dict__", {})
    named = [f"{name.lstrip('_')}={attributes[name]!r}" for name in names if name in attributes]
    return ", ".join([_name(value), *named])


def _name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


_KINDS: dict[str, Callable[[Any], Pipeline]] = {
    "tensorflow.python.data.ops.dataset_ops.DatasetV2": _tf_data,
    "tensorflow.python.types.distribute.DistributedDatasetInterface": _tf_data,
    "keras.src.trainers.data_adapters.py_dataset_adapter.PyDataset": _py_dataset,
    "torch.utils.data.dataloader.DataLoader": _data_loader,
    "grain._src.python.data_loader.DataLoader": _grain,
    "grain._src.python.dataset.dataset.MapDataset": _grain,
    "grain._src.python.dataset.dataset.IterDataset": _grain,
}
