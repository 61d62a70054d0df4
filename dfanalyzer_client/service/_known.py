"""What the service knows of each dataflow: who declared what last, and which tasks are open."""

from __future__ import annotations

import json
from collections import OrderedDict

from ..declarations.messages import DataflowMessage
from ..delivery.live import new_execution
from ..journal import TaskName
from ..task_status import ENDED
from ._orders import Order, execution_of

__all__ = ["Dataflows"]

OPEN_TASKS = 500_000
"""So many are remembered, the newest; of others the newest declaration holds."""

ENDED_NAMES = frozenset(status.value for status in ENDED)


class Dataflows:
    """Declarations in the order they came, wherever they came from.

    Attributes:
        loaded: dataflows of which all is known that other processes declared.
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
        """A dataflow's message came; with `opens` it begins an execution."""
        tag = message["tag"]
        order = self._orders.get(tag, Order()).after(message)
        known = self._by_key.setdefault((tag, order.key), order)
        self._orders[tag] = known if known.execution == order.execution else order
        execution = execution_of(message)
        if opens and execution is not None:
            self._executions[tag] = execution

    def hear(self, message: DataflowMessage) -> None:
        """Another process declared; it counts at once where the dataflow is loaded."""
        tag = message["tag"]
        if tag in self.loaded:
            self.declare(message)
            return
        Order().after(message)  # one that is odd raises here, where it is passed over
        heard = self._heard.setdefault(tag, {})
        text = json.dumps(message.get("transformations"), sort_keys=True)
        heard.pop(text, None)  # the same again: it is the newest now
        heard[text] = message

    def begin(self, tag: str, known: DataflowMessage | None) -> list[DataflowMessage]:
        """Take in what the store knows, then what was heard, which is given."""
        if known is not None:
            self.declare(known)
        heard = list(self._heard.pop(tag, {}).values())
        for message in heard:
            self.declare(message)
        return heard

    def newest_execution(self, tag: str) -> str:
        """What tasks belong to whose client names none: that of the newest declaration."""
        if tag not in self._executions:
            self._executions[tag] = self.stored.get(tag) or new_execution(tag)
        return self._executions[tag]

    def orders(self, name: TaskName) -> list[Order]:
        """What a task may keep to: what was declared when it began, and the newest."""
        newest = self._orders.get(name[0], Order())
        began = self._by_key.get((name[0], self._open.get(name, "")))
        return [newest] if began is None else [began, newest]

    def note_task(self, name: TaskName, status: str, key: str) -> None:
        """A task has been told of: while it is open, it keeps to its declaration."""
        if status in ENDED_NAMES:
            self._open.pop(name, None)
            return
        self._open.setdefault(name, key)
        self._open.move_to_end(name)
        if len(self._open) > OPEN_TASKS:
            self._open.popitem(last=False)
