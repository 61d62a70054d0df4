"""Find the tasks that a killed process left open, and end them in its name.

This only looks at a journal's messages. The caller holds the journal's lock, which tells that the
process is gone.
"""

from __future__ import annotations

import contextlib

from ..declarations.messages import (
    TASK,
    JournalTask,
    TaskMessage,
    UncheckedMessage,
    is_dataflow,
    is_task,
)
from ..journal import TaskName
from ..keras_schema import names as tags
from ..task_status import ENDED, TaskStatus

__all__ = ["OpenTasks"]

KILLED = "killed"
MESSAGE = "The process was killed, or its machine went down."
_ENDED = frozenset(status.value for status in ENDED)


class OpenTasks:
    """The tasks of one journal that have begun but not ended, given its messages in order."""

    def __init__(self) -> None:
        self._open: dict[TaskName, TaskMessage] = {}
        self._epochs: dict[TaskName, list[float]] = {}
        self._sets: set[tuple[str, str]] = set()

    def ingest(self, message: UncheckedMessage) -> None:
        """Take note of one message; malformed ones are ignored."""
        with contextlib.suppress(LookupError, TypeError, ValueError, AttributeError):
            self._follow(message)

    def _follow(self, message: UncheckedMessage) -> None:
        if is_dataflow(message):
            self._sets |= {
                (message["tag"], data_set["tag"])
                for transformation in message.get("transformations", ())
                for data_set in transformation.get("sets", ())
            }
        elif is_task(message):
            self._ingest_task(message)

    def end_messages(self, when: str) -> list[JournalTask]:
        """Messages that end the open tasks as ABANDONED; `when` is a TIMESTAMP of SQL."""
        return [self._end(key, message, when) for key, message in self._open.items()]

    def _ingest_task(self, message: TaskMessage) -> None:
        key = (
            str(message["dataflow"]),
            str(message["exec"]),
            str(message["transformation"]),
            str(message["id"]),
        )
        if message["status"] in _ENDED:
            self._open.pop(key, None)
            self._epochs.pop(key, None)
            return
        if message["status"] == TaskStatus.RUNNING.value:
            self._open.setdefault(key, message)
        self._epochs.setdefault(key, []).extend(_epochs(message))

    def _end(self, key: TaskName, message: TaskMessage, when: str) -> JournalTask:
        ended: JournalTask = {
            "kind": TASK,
            "dataflow": message["dataflow"],
            "exec": message["exec"],
            "transformation": message["transformation"],
            "id": message["id"],
            "status": TaskStatus.ABANDONED.value,
            "error": MESSAGE,
            "performances": [{"startTime": message.get("startTime"), "endTime": when}],
            "sets": [],
        }
        training_end = tags.TRAINING_END.lower()
        is_training = message["transformation"] == tags.TRAINING.lower()
        if is_training and (message["dataflow"], training_end) in self._sets:
            epochs = self._epochs.get(key) or []
            row = {
                tags.ENDED: when,
                tags.EPOCHS_DONE: len(epochs),
                tags.START_EPOCH: min(epochs, default=None),
                tags.STOP_REASON: KILLED,
            }
            names = [name.lower() for name in row]
            values = list(row.values())
            ended["sets"] = [{"tag": training_end, "attributes": names, "elements": [values]}]
        return ended


def _epochs(message: TaskMessage) -> list[float]:
    found = []
    for data in message.get("sets", ()):
        names = data.get("attributes") or []
        if data["tag"] == tags.TRAINING_OUTPUT.lower() and tags.EPOCH_ID.lower() in names:
            position = names.index(tags.EPOCH_ID.lower())
            numbers = [row[position] for row in data["elements"]]
            found += [number for number in numbers if isinstance(number, (int, float))]
    return found
