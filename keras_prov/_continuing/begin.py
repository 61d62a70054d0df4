"""What the beginning of a training records of the execution that it continues or replays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.task import Task

from .._guard import guarded
from .._recording.dataflow import keras_set
from .._recording.execution import Execution
from .._recording.rows import Row
from .differences import difference_rows
from .weights import take_over

__all__ = ["continuation_rows", "record_source"]

REPLAY = "replay"


def record_source(execution: Execution) -> list[Task]:
    """Record the file whose weights the model goes on with."""
    continuation = execution.continuation
    return [] if continuation is None else execution.record_loaded(continuation.files)


def continuation_rows(
    execution: Execution, model: Any, values: Mapping[str, Any]
) -> dict[str, list[Row]]:
    """Take over weights that waited until `model` was built, and what differs, by the set's tag."""
    rows: list[Row] = []
    replayed, execution.replayed = execution.replayed, None
    if replayed is not None:
        rows.append({tags.CONTINUED_KIND: REPLAY, tags.NEW_VALUE: str(replayed)})
    continuation, execution.continuation = execution.continuation, None
    if continuation is not None:
        if not continuation.is_applied:
            with guarded("continue_from()", model, lost="that weights were taken over"):
                take_over(continuation, model)
        with guarded("continue_from()", model, lost="what differs from the run before"):
            rows += difference_rows(continuation, model, values)
    if not rows:
        return {}
    execution.declare(tags.TRAINING, keras_set(tags.CONTINUATION))
    return {tags.CONTINUATION: rows}
