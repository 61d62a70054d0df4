"""Whose execution records that a model was saved which is a part of another one."""

from __future__ import annotations

from typing import Any

from .._inspection.layers import layers_by_path
from .._recording.execution import Execution
from .._recording.registry import recorded_models

__all__ = ["executions_with"]


def executions_with(saved: Any) -> list[Execution]:
    """The executions of the models that `saved` is, or is a part of."""
    found = {
        id(execution): execution
        for model, execution in recorded_models()
        if model is saved or any(part is saved for part in layers_by_path(model).values())
    }
    return list(found.values())
