"""What a list of runs says of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

__all__ = ["FIELDS", "FIELD_TYPES", "RunSummary"]

FIELD_TYPES: dict[str, type] = {
    "id": int,
    "execution": str,
    "dataflow": str,
    "status": str,
    "began": datetime,
    "ended": datetime,
    "seconds": float,
    "epochs": int,
    "stop_reason": str,
}
FIELDS = tuple(FIELD_TYPES)
"""What every run has."""


@dataclass(frozen=True)
class RunSummary:
    """An execution: what it is, what was chosen, what came of it, and what people say of it.

    Attributes:
        id: its id in this database.
        execution: its tag, which no other execution has.
        dataflow: the tag of its dataflow.
        status: of its last training; else of its last task.
        began: when its first task began, in UTC.
        ended: when its last task ended; None while one runs.
        epochs: how many epochs are stored.
        hyperparameters: the values of its last training, by name.
        metrics: the last value of each metric, of the last training that measured it; a test's
            begin with ``otest_``.
        lowest: the lowest value of each metric.
        highest: the highest one.
        tags: what people tagged it with.
        note: what people noted.
        stop_reason: why its last training ended, such as ``finished`` or ``steering``.
    """

    id: int
    execution: str
    dataflow: str
    status: str
    began: datetime | None = None
    ended: datetime | None = None
    epochs: int = 0
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    lowest: Mapping[str, float | None] = field(default_factory=dict)
    highest: Mapping[str, float | None] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    stop_reason: str | None = None

    @property
    def seconds(self) -> float | None:
        """From the first task's start to the last one's end, or until now while one runs."""
        if self.began is None:
            return None
        return ((self.ended or datetime.now(UTC)) - self.began).total_seconds()
