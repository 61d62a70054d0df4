"""The course of each training of a run: what was changed while it ran, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...executions.training_numbers import training_numbers
from ...keras_schema import Role
from ...keras_schema import names as tags
from ...store import Connection
from ...store.reading import Catalogue
from ...store.sql import among
from ..one_run import Run
from ..run_parts import rows_by_task

__all__ = ["Course", "courses_of"]


@dataclass
class Course:
    """What happened in one training.

    Attributes:
        training: its number, from 1.
        changes: the rows of changes of its configuration, by attribute, in order.
        outcome: how it ended; empty if it has not, or if its process was killed.
    """

    training: int
    changes: list[dict[str, Any]] = field(default_factory=list)
    outcome: Mapping[str, Any] = field(default_factory=dict)


def courses_of(run: Run) -> list[Course]:
    """The course of each training of `run`.

    Raises:
        StoreError: the database cannot be queried.
    """
    with run._open() as connection, connection.transaction():
        numbers = training_numbers(connection, Catalogue(connection), [run.id])
        courses = {task: Course(number) for task, number in numbers.items()}
        changes = rows_by_task(connection, run.dataflow, run.id, Role.ADAPTATIONS)
        trainings = _trainings(connection, [task for task, _ in changes])
        for task, row in changes:
            for training in trainings.get(task, ()):
                if training in courses:
                    courses[training].changes.append(row)
        for task, row in rows_by_task(connection, run.dataflow, run.id, Role.OUTCOME):
            if task in courses and tags.STOP_REASON.lower() in row:
                courses[task].outcome = row
    return list(courses.values())


def _trainings(connection: Connection, tasks: list[int]) -> dict[int, list[int]]:
    """The tasks that each of these depends on."""
    dependency = Catalogue(connection).table("task_dependency")
    found: dict[int, list[int]] = {}
    for task, previous in connection.query(
        f"SELECT DISTINCT d.task_id, d.previous_task_id FROM {dependency} AS d "
        f"WHERE {among('d.task_id', tasks)} ORDER BY d.task_id, d.previous_task_id"
    ):
        found.setdefault(task, []).append(previous)
    return found
