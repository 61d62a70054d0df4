"""The run that a crate is of, and what people call its parts."""

from __future__ import annotations

from dataclasses import dataclass

from ... import keras_schema
from ...executions.record import ExecutionRecord, TaskRecord
from ...executions.summaries import ExecutionSummary

__all__ = ["Run", "key_of", "label_of", "spelled"]

SPELLED = {
    tag.lower(): tag
    for name, tag in vars(keras_schema).items()
    if name in keras_schema.__all__ and isinstance(tag, str)
}


@dataclass(frozen=True)
class Run:
    """An execution: how it stands, and all of it."""

    summary: ExecutionSummary
    record: ExecutionRecord


def spelled(tag: str) -> str:
    """A tag of ours as the documentation spells it; another as the database has it."""
    return SPELLED.get(tag, tag)


def key_of(task: TaskRecord) -> str:
    """What names a task within its execution."""
    return f"{task.transformation}-{task.name}"


def label_of(task: TaskRecord) -> str:
    """What people call a task."""
    return f"{spelled(task.transformation)} {task.name}"
