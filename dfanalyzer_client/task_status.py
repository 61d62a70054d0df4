"""The states of a task."""

from __future__ import annotations

from enum import Enum

__all__ = ["ENDED", "TaskStatus"]


class TaskStatus(Enum):
    """DfAnalyzer's three states, and the ways a task may end that it does not know."""

    READY = "READY"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    PRUNED = "PRUNED"
    ABANDONED = "ABANDONED"


ENDED = frozenset(
    {
        TaskStatus.FINISHED,
        TaskStatus.FAILED,
        TaskStatus.INTERRUPTED,
        TaskStatus.PRUNED,
        TaskStatus.ABANDONED,
    }
)
"""The states after which a task changes no more."""
