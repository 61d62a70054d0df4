"""A step that has changed layers of a model, as a task of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.task_status import TaskStatus
from dfanalyzer_client.transformation import Transformation

from .._tracking.modifications import ChangedLayer, Modification
from .dataflow import keras_set
from .execution import Execution
from .rows import Row, rows_of_set

__all__ = ["record_modification"]


def record_modification(
    execution: Execution, modification: Modification, layers: Mapping[str, ChangedLayer]
) -> None:
    """Record what a step has changed; what is trained, tested or saved next follows from it.

    Args:
        execution: the execution of the model.
        modification: the step.
        layers: those of the model that it changed, by their paths.
    """
    changed = Transformation(tags.MODIFICATION, [keras_set(tags.MODIFICATION_OUTPUT)])
    execution.declare_once(changed)
    task = execution.new_task(tags.MODIFICATION, execution.after_training())
    task.start_time = modification.began
    rows = [_row(execution, modification, *each) for each in layers.items()]
    task.add_dataset(rows_of_set(tags.MODIFICATION_OUTPUT, rows))
    if modification.error is None:
        task.end(ended=modification.ended)
    else:
        task.end(TaskStatus.FAILED, modification.error, ended=modification.ended)
    execution.modification = task


def _row(execution: Execution, step: Modification, path: str, layer: ChangedLayer) -> Row:
    values: dict[str, Any] = {
        tags.MODIFIED: step.began,
        tags.MODIFIED_STEP: step.step,
        tags.MODIFIED_LAYER: path,
        tags.MODIFIED_CLASS: layer.class_,
        tags.MODIFIED_RANK: layer.after.rank,
        tags.MODIFIED_ALPHA: layer.after.alpha,
        tags.MODIFIED_MODE: layer.after.mode,
        tags.OLD_DTYPE: layer.before.dtype,
        tags.NEW_DTYPE: layer.after.dtype,
        tags.OLD_TRAINABLE: layer.before.trainable,
        tags.NEW_TRAINABLE: layer.after.trainable,
        tags.MODIFIED_ARGUMENTS: step.arguments,
        tags.EPOCH_ID: execution.epoch,
        tags.MODIFIED_PLACE: step.place,
    }
    return values
