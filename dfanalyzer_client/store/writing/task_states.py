"""What the database has of the tasks that a batch names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..catalogue_rows import fresh_ids
from ..connection import Connection
from ..rows import TaskKey
from ..schema import table
from ..sql import placeholders
from .prepared_task import PreparedTask

__all__ = ["TaskCache", "TaskState", "TaskStates"]

CACHED_TASKS = 10_000
"""The states of so many tasks are remembered; others are queried again."""

TASKS_PER_QUERY = 500


@dataclass
class TaskState:
    """A task as the database has it.

    Attributes:
        id: its id there.
        open: whether it has not ended.
        new: whether its first row is still to be written.
        edges: ids of the tasks that it depends on; None if nobody has asked yet.
        waits: keys of the tasks that it depends on and that are not stored yet.
    """

    id: int
    open: bool = True
    new: bool = False
    edges: frozenset[int] | None = None
    waits: frozenset[TaskKey] = frozenset()


TaskStates = Mapping[TaskKey, TaskState | None]
"""States by task; None for a task that is not stored and not in the batch either."""


class TaskCache:
    """The states of the tasks that were stored most recently."""

    def __init__(self) -> None:
        self._states: OrderedDict[TaskKey, TaskState] = OrderedDict()

    def states(self, connection: Connection, batch: Sequence[PreparedTask]) -> TaskStates:
        """The tasks that a batch names. Those that it begins get ids."""
        states = self._known(batch)
        unknown = [key for key, state in states.items() if state is None]
        for first in range(0, len(unknown), TASKS_PER_QUERY):
            states |= _stored_states(connection, unknown[first : first + TASKS_PER_QUERY])
        new = [key for key in dict.fromkeys(task.key for task in batch) if states[key] is None]
        ids = fresh_ids(connection, table("task_begun_id_seq"), len(new))
        for key, id_ in zip(new, ids, strict=True):
            states[key] = TaskState(id_, new=True, edges=frozenset())
        for task in batch:
            state = states[task.key]
            if task.dependencies and state is not None and state.edges is None:
                state.edges, state.waits = _edges(connection, task.execution, state.id)
        return states

    def remember(self, states: TaskStates) -> None:
        """Keep the states after their batch was committed."""
        for key, state in states.items():
            if state is not None:
                self._states[key] = state
                self._states.move_to_end(key)
        while len(self._states) > CACHED_TASKS:
            self._states.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._states.clear()

    def _known(self, batch: Sequence[PreparedTask]) -> dict[TaskKey, TaskState | None]:
        """Copies of the states that are remembered: a transaction that fails changes none."""
        states: dict[TaskKey, TaskState | None] = {}
        for task in batch:
            for key in (task.key, *task.dependencies, *task.reused.values()):
                if key not in states:
                    known = self._states.get(key)
                    states[key] = None if known is None else replace(known)
        return states


def _stored_states(connection: Connection, keys: Sequence[TaskKey]) -> dict[TaskKey, TaskState]:
    executions = sorted({execution for execution, _, _ in keys})
    identifiers = sorted({identifier for _, _, identifier in keys})
    rows = connection.query(
        "SELECT b.df_exec, b.dt_id, b.identifier, b.id, e.task_id "
        f"FROM {table('task_begun')} b LEFT JOIN {table('task_ended')} e ON e.task_id = b.id "
        f"WHERE b.df_exec IN ({placeholders(len(executions))}) "
        f"AND b.identifier IN ({placeholders(len(identifiers))})",
        [*executions, *identifiers],
    )
    wanted = set(keys)
    return {
        (execution, transformation, identifier): TaskState(id_, ended is None)
        for execution, transformation, identifier, id_, ended in rows
        if (execution, transformation, identifier) in wanted
    }


def _edges(
    connection: Connection, execution: int, task: int
) -> tuple[frozenset[int], frozenset[TaskKey]]:
    """The ids of the tasks that a task depends on, and the keys of those not stored yet."""
    stored = connection.query(
        f"SELECT previous_task_id FROM {table('task_dependency')} WHERE task_id = %s", [task]
    )
    waiting = connection.query(
        f"SELECT previous_dt_id, previous_identifier FROM {table('waiting_dependency')} "
        "WHERE task_id = %s",
        [task],
    )
    return (
        frozenset(previous for (previous,) in stored),
        frozenset((execution, *key) for key in waiting),
    )
