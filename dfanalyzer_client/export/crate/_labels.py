"""The run that a crate describes, and the names of its parts for people."""

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
    """An execution: its summary and its full record."""

    summary: ExecutionSummary
    record: ExecutionRecord


def spelled(tag: str) -> str:
    """A tag as the documentation spells it, if it is ours; otherwise as it is stored."""
    return SPELLED.get(tag, tag)


def key_of(task: TaskRecord) -> str:
    """A unique name of a task within its execution."""
    return f"{task.transformation}-{task.name}"


def label_of(task: TaskRecord) -> str:
    """The name of a task for people."""
    return f"{spelled(task.transformation)} {task.name}"
