"""Which executions record a step that changed layers: those of the models with these layers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._inspection.layers import layers_by_path
from .._recording.execution import Execution
from .._recording.modification import record_modification
from .._recording.registry import recorded_models
from .._tracking.modifications import (
    ChangedLayer,
    Modification,
    are_modifications_known,
    modifications_of,
    remember_modification,
)

__all__ = ["keep_modification", "record_kept_modifications"]


def keep_modification(modification: Modification) -> None:
    """Record a step for every model with an execution; others record it when theirs begins."""
    remember_modification(modification)
    recorded: set[int] = set()
    for model, execution in recorded_models():
        layers = _changed(modification, model)
        if layers:
            modification.models.set(model, True)
            if id(execution) not in recorded:
                recorded.add(id(execution))
                record_modification(execution, modification, layers)


def record_kept_modifications(execution: Execution, model: Any, parts: Iterable[Any]) -> None:
    """Record the steps that a model has been through and no execution of it has recorded.

    Args:
        execution: its execution.
        model: the model, or several models as one.
        parts: the model, or each of the several.
    """
    for part in parts if are_modifications_known() else ():
        for modification in modifications_of(list(layers_by_path(part).values())):
            if modification.models.get(part) is None:
                modification.models.set(part, True)
                layers = _changed(modification, part if model is part else model)
                record_modification(execution, modification, layers)


def _changed(modification: Modification, model: Any) -> dict[str, ChangedLayer]:
    """The layers of the model that the step has changed, by their paths."""
    changed = {
        path: modification.layers.get(layer) for path, layer in layers_by_path(model).items()
    }
    return {path: layer for path, layer in changed.items() if layer is not None}
