"""A run as another tool has recorded it, in the terms that all importers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from ..task_status import TaskStatus

__all__ = ["Fact", "ForeignFile", "ForeignRun", "Kind", "Point"]

Fact = tuple[str, str, str]
"""Kind, name and value, as in ``iEnvironment``."""


class Kind(StrEnum):
    """What a point was measured of."""

    EPOCH = "epoch"
    TEST = "test"
    BATCH = "batch"
    SYSTEM = "system"


class Point(NamedTuple):
    """One value of one metric.

    Attributes:
        name: the metric's name.
        value: what was measured.
        step: the epoch, batch or sample.
        time: when, in seconds since 1970; None if the tool did not record it.
        segment: a number that grows whenever the training began again in the same record.
        kind: what it was measured of.
    """

    name: str
    value: float | str
    step: int
    time: float | None = None
    segment: int = 0
    kind: Kind = Kind.EPOCH


@dataclass(frozen=True)
class ForeignFile:
    """A file that a run has written; `kind` is one of those of ``oModelFile``."""

    path: Path
    kind: str = "artifact"


@dataclass
class ForeignRun:
    """A run of another tool.

    Attributes:
        tag: the tag of the execution that it becomes: the same whenever it is imported.
        dataflow: the tag of that execution's dataflow.
        title: names it in messages to the user.
        points: reads what was measured; called at most once.
        points_state: changes whenever `points` would yield something new, and is quick to tell.
        status: how it ended, or that it runs.
        began: in seconds since 1970; None if unknown.
        ended: likewise.
        hyperparameters: numbers and texts by name.
        facts: where it came from, and what it ran in.
        tags: what its users have said of it.
        note: likewise, as a text.
        data: rows of ``iDataset``.
        files: what it wrote.
        parents: tags of the executions that it belongs to.
        left_out: what `points` has met and could not read, in sentences for the user.
    """

    tag: str
    dataflow: str
    title: str
    points: Callable[[], Iterable[Point]]
    points_state: str
    status: TaskStatus = TaskStatus.FINISHED
    began: float | None = None
    ended: float | None = None
    hyperparameters: dict[str, float | str] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    note: str = ""
    data: list[dict[str, Any]] = field(default_factory=list)
    files: list[ForeignFile] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
