"""The run that a crate is of, and what people call its parts."""

from __future__ import annotations

from dataclasses import dataclass

from ...executions.record import ExecutionRecord, TaskRecord
from ...executions.summaries import ExecutionSummary
from ...keras_schema import SETS, TRANSFORMATIONS
from ...keras_schema.names import SCRIPT

__all__ = ["Run", "key_of", "label_of", "spelled"]

SPELLED = {tag.lower(): tag for tag in (*SETS, *TRANSFORMATIONS, SCRIPT)}


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
