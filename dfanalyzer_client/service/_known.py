"""What the service knows of dataflows: their newest declarations and their open tasks."""

from __future__ import annotations

import json
from collections import OrderedDict

from ..declarations.messages import DataflowMessage
from ..delivery.live import new_execution
from ..journal import TaskName
from ..task_status import ENDED
from ._orders import Order, execution_of

__all__ = ["Dataflows"]

MAX_OPEN_TASKS = 500_000
"""How many open tasks are remembered; to older ones the newest declaration applies."""

ENDED_NAMES = frozenset(status.value for status in ENDED)


class Dataflows:
    """Declarations of dataflows, in the order in which they arrived from any process.

    Attributes:
        loaded: dataflows whose declarations by other processes are known.
        stored: the newest execution of a dataflow in the store.
    """

    def __init__(self) -> None:
        self.loaded: set[str] = set()
        self.stored: dict[str, str | None] = {}
        self._orders: dict[str, Order] = {}
        self._by_key: dict[tuple[str, str], Order] = {}
        self._executions: dict[str, str] = {}
        self._heard: dict[str, dict[str, DataflowMessage]] = {}
        self._open: OrderedDict[TaskName, str] = OrderedDict()

    def declare(self, message: DataflowMessage, *, opens: bool = True) -> None:
        """Note a dataflow's message; with `opens`, it begins an execution."""
        tag = message["tag"]
        order = self._orders.get(tag, Order()).after(message)
        known = self._by_key.setdefault((tag, order.key), order)
        self._orders[tag] = known if known.execution == order.execution else order
        execution = execution_of(message)
        if opens and execution is not None:
            self._executions[tag] = execution

    def hear(self, message: DataflowMessage) -> None:
        """Note another process' declaration; it applies at once if the dataflow is loaded."""
        tag = message["tag"]
        if tag in self.loaded:
            self.declare(message)
            return
        Order().after(message)  # a malformed one raises here, where the caller skips it
        heard = self._heard.setdefault(tag, {})
        text = json.dumps(message.get("transformations"), sort_keys=True)
        heard.pop(text, None)  # if it was declared before, it becomes the newest
        heard[text] = message

    def begin(self, tag: str, known: DataflowMessage | None) -> list[DataflowMessage]:
        """Note what the store knows, then what other processes declared; returns the latter."""
        if known is not None:
            self.declare(known)
        heard = list(self._heard.pop(tag, {}).values())
        for message in heard:
            self.declare(message)
        return heard

    def newest_execution(self, tag: str) -> str:
        """The execution of tasks that name none: that of the newest declaration."""
        if tag not in self._executions:
            self._executions[tag] = self.stored.get(tag) or new_execution(tag)
        return self._executions[tag]

    def orders(self, name: TaskName) -> list[Order]:
        """The orders that a task may follow: the one declared when it began, and the newest."""
        newest = self._orders.get(name[0], Order())
        began = self._by_key.get((name[0], self._open.get(name, "")))
        return [newest] if began is None else [began, newest]

    def note_task(self, name: TaskName, status: str, key: str) -> None:
        """Note a task's status: while it is open, it follows the same declaration."""
        if status in ENDED_NAMES:
            self._open.pop(name, None)
            return
        self._open.setdefault(name, key)
        self._open.move_to_end(name)
        if len(self._open) > MAX_OPEN_TASKS:
            self._open.popitem(last=False)
