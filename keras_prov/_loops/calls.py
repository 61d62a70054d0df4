"""Metrics that `train_on_batch` and `test_on_batch` return, by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._guard import guarded
from .._identity_map import WeakIdentityMap

__all__ = ["returned_metrics"]


def returned_metrics(model: Any, returned: Any) -> dict[str, Any]:
    """What Keras has returned, by name: a dictionary, a list in the order of names, or a number."""
    if isinstance(returned, Mapping):
        return dict(returned)
    values = returned if isinstance(returned, (list, tuple)) else [returned]
    names = _names(model, len(values))
    return dict(zip(names, values, strict=True))


_known: WeakIdentityMap[tuple[tuple[int, int], list[str]]] = WeakIdentityMap()
"""Names by model, for its number of metrics as it is compiled."""


def _names(model: Any, count: int) -> list[str]:
    """The names of as many metrics, in the order in which Keras returns them."""
    key = count, id(getattr(model, "_compile_metrics", None))
    known = _known.get(model)
    if known is None or known[0] != key:
        known = key, _read_names(model, count)
        _known.set(model, known)
    return known[1]


def _read_names(model: Any, count: int) -> list[str]:
    names: list[str] = []
    with guarded("the names of a model's metrics", model, lost="how its metrics are called"):
        for metric in model.metrics:
            parts = getattr(metric, "metrics", None)
            are_compiled = type(metric).__name__ == "CompileMetrics"
            names += [part.name for part in parts] if are_compiled and parts else [metric.name]
    names = list(dict.fromkeys(names))
    if len(names) == count:
        return names
    return ["loss", *(f"metric_{place}" for place in range(1, count))]
