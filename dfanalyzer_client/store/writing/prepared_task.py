"""A task's message, ready to be stored: its dataflow and execution are in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from ...declarations.messages import TaskMessage
from ..layout import DataflowLayout
from ..rows import TaskKey, dependencies, reused, task_key

__all__ = ["PreparedTask", "prepare_task"]


@dataclass
class PreparedTask:
    """A task's message with the parts of the catalogue that it needs.

    Attributes:
        message: the message.
        layout: its dataflow.
        version: the dataflow's version when the message was prepared.
        key: names the task.
        dependencies: the keys of the tasks that it depends on.
    """

    message: TaskMessage
    layout: DataflowLayout
    version: int
    key: TaskKey
    dependencies: list[TaskKey]

    @property
    def execution(self) -> int:
        """The id of its execution."""
        return self.key[0]

    @property
    def transformation(self) -> int:
        """The id of its transformation."""
        return self.key[1]

    @property
    def reused(self) -> dict[str, TaskKey]:
        """By set, the earlier task whose rows it read again."""
        return reused(self.message, self.key)


def prepare_task(message: TaskMessage, layout: DataflowLayout, execution: int) -> PreparedTask:
    """A task's message with its keys; raises NotYetError if its dataflow lacks a transformation."""
    key = task_key(message, layout, execution)
    return PreparedTask(
        message, layout, layout.version, key, dependencies(message, layout, execution)
    )
