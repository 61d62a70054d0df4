"""Collect the rows of one transaction from the messages of a batch. Asks the database nothing."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..layout import DataflowLayout
from ..rows import ElementRow, TaskRows, task_rows
from .catalogue_rows import CatalogueRows
from .prepared_task import PreparedTask
from .reuse import Reuse
from .task_states import TaskState, TaskStates

__all__ = ["Batch", "collect"]

logger = logging.getLogger(__name__)


@dataclass
class Batch:
    """The rows of one transaction.

    Attributes:
        catalogue: rows of the catalogue, by table.
        elements: rows of sets, by the dataflow's tag and the set's.
        layouts: the dataflows of those sets, by tag.
        reuses: rows of sets that the server copies.
        measured_late: ids of tasks whose metrics came after their end.
    """

    catalogue: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    elements: dict[tuple[str, str], list[ElementRow]] = field(
        default_factory=lambda: defaultdict(list)
    )
    layouts: dict[str, DataflowLayout] = field(default_factory=dict)
    reuses: list[Reuse] = field(default_factory=list)
    measured_late: set[int] = field(default_factory=set)


def collect(
    tasks: Sequence[PreparedTask],
    states: TaskStates,
    others: Sequence[CatalogueRows] = (),
) -> Batch:
    """The rows that messages add; updates the states of their tasks accordingly.

    Args:
        tasks: the messages of tasks.
        states: what the database has of these tasks.
        others: the rows of other messages.
    """
    batch = Batch()
    for rows_by_table in others:
        for name, added in rows_by_table.items():
            batch.catalogue[name] += added
    for task in tasks:
        state = states[task.key]
        assert state is not None  # noqa: S101 (for the type checker: these tasks have a state)
        rows = task_rows(task.message, task.layout, task=state.id, new=state.new, open_=state.open)
        if rows.compared.metrics and not state.open:
            batch.measured_late.add(state.id)
        state.new, state.open = False, state.open and rows.ended is None
        _add_rows(batch, task, rows, state.id)
        _add_dependencies(batch, task, states, state)
        _add_reuses(batch, task, states, state)
    return batch


def _add_rows(batch: Batch, task: PreparedTask, rows: TaskRows, id_: int) -> None:
    execution, transformation, identifier = task.key
    if rows.begun is not None:
        batch.catalogue["task_begun"].append(
            {
                "id": id_,
                "identifier": identifier,
                "df_version": task.version,
                "df_exec": execution,
                "dt_id": transformation,
                **rows.begun,
            }
        )
    if rows.ended is not None:
        batch.catalogue["task_ended"].append(rows.ended)
    batch.catalogue["performance"] += rows.performances
    batch.catalogue["file"] += rows.files
    batch.catalogue["hyperparameter_value"] += rows.compared.hyperparameters
    batch.catalogue["metric_value"] += rows.compared.metrics
    batch.catalogue["execution_link"] += [
        {"df_exec": execution, **derivation} for derivation in rows.derivations
    ]
    for tag, elements in rows.elements.items():
        batch.elements[task.layout.tag, tag] += elements
        batch.layouts[task.layout.tag] = task.layout


def _add_dependencies(
    batch: Batch, task: PreparedTask, states: TaskStates, state: TaskState
) -> None:
    for key in task.dependencies:
        previous = states[key]
        if key in state.waits:
            continue  # `link_pending` links them
        if previous is None:
            state.waits |= {key}
            execution, transformation, identifier = key
            batch.catalogue["waiting_dependency"].append(
                {
                    "task_id": state.id,
                    "dt_id": task.transformation,
                    "df_exec": execution,
                    "previous_dt_id": transformation,
                    "previous_identifier": identifier,
                }
            )
        elif previous.id not in (state.edges or ()):
            state.edges = (state.edges or frozenset()) | {previous.id}
            batch.catalogue["task_dependency"].append(
                {"task_id": state.id, "dt_id": task.transformation, "previous_task_id": previous.id}
            )


def _add_reuses(batch: Batch, task: PreparedTask, states: TaskStates, state: TaskState) -> None:
    transformation = task.message["transformation"]
    for tag, key in task.reused.items():
        source = states[key]
        if source is None:
            logger.warning(
                "Rows of set %s are missing for task %s: task %s, which has them, was refused.",
                tag,
                task.key[2],
                key[2],
            )
        else:
            batch.reuses.append(Reuse(task.layout, tag, transformation, source.id, state.id))
