"""The files that models were loaded from before their training: theirs, and those of their parts.

Parts are models and layers within, such as a backbone with weights of its own, and the preprocessor
that a model of KerasHub has beside its layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .._artifacts.model_files import FileFact, are_loads_known, forget_loads
from .._guard import guarded
from .._inspection.layers import layers_by_path

__all__ = ["loaded_files"]


def loaded_files(models: Iterable[Any]) -> list[FileFact]:
    """The files that these models were loaded from, each for the first training after that."""
    facts: list[FileFact] = []
    for model in models if are_loads_known() else ():
        parts: list[Any] = []
        with guarded("the parts of a model", model, lost="which files its parts come from"):
            parts = list(_parts(model))
        facts += forget_loads(model, parts)
    return facts


def _parts(model: Any) -> Iterator[Any]:
    yield from layers_by_path(model).values()
    preprocessor: Any = getattr(model, "preprocessor", None)
    if hasattr(preprocessor, "_flatten_layers"):
        yield from preprocessor._flatten_layers()
