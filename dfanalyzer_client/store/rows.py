"""Turn task messages into rows: pure functions, given the ids of the database."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ..declarations.messages import DataSetMessage, FileMessage, PerformanceMessage, TaskMessage
from ..declarations.values import column_value
from ..errors import NotYetError
from ..task_status import ENDED
from .comparison.values import Compared, compare
from .layout import DataflowLayout, SetLayout

__all__ = [
    "ENDED_NAMES",
    "ElementRow",
    "TaskKey",
    "TaskRows",
    "dependencies",
    "reused",
    "task_key",
    "task_rows",
]

TaskKey = tuple[int, int, int]
"""Names a task: the ids of its execution and transformation, and the number its writer gave."""

ENDED_NAMES = frozenset(status.value for status in ENDED)


@dataclass
class ElementRow:
    """One element: its values by column, and those numbers that a DOUBLE cannot hold."""

    values: dict[str, Any]
    exact: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class TaskRows:
    """The rows that one message adds."""

    begun: dict[str, Any] | None = None
    ended: dict[str, Any] | None = None
    performances: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    derivations: list[dict[str, Any]] = field(default_factory=list)
    elements: dict[str, list[ElementRow]] = field(default_factory=lambda: defaultdict(list))
    compared: Compared = field(default_factory=Compared)


def task_key(message: TaskMessage, layout: DataflowLayout, execution: int) -> TaskKey:
    """The key of a message's task; raises NotYetError if its transformation is unknown."""
    return execution, _transformation(layout, message["transformation"]), int(message["id"])


def dependencies(message: TaskMessage, layout: DataflowLayout, execution: int) -> list[TaskKey]:
    """The keys of the tasks that a message's task depends on."""
    named = message.get("dependency")
    if not named:
        return []
    pairs = zip(named.get("tags", ()), named.get("ids", ()), strict=True)
    return [(execution, _transformation(layout, tag["tag"]), int(id_["id"])) for tag, id_ in pairs]


def reused(message: TaskMessage, key: TaskKey) -> dict[str, TaskKey]:
    """By set, the key of the earlier task whose rows a message's task read again."""
    sources = message.get("reuse") or {}
    return {tag: (key[0], key[1], int(source)) for tag, source in sources.items()}


def task_rows(
    message: TaskMessage, layout: DataflowLayout, *, task: int, new: bool, open_: bool
) -> TaskRows:
    """The rows of one message.

    Args:
        message: a task message whose sets name their attributes.
        layout: its dataflow.
        task: the task's id.
        new: whether the task is not in the database yet.
        open_: whether the task has not ended there.

    Raises:
        NotYetError: the dataflow has no such transformation or set.
    """
    rows = TaskRows()
    error = message.get("error")
    if new:
        rows.begun = {
            "status": message["status"],
            "workspace": message.get("workspace"),
            "computing_resource": message.get("resource"),
            "output_msg": message.get("output"),
            "error_msg": error,
            "began": message.get("startTime"),
        }
    if open_ and message["status"] in ENDED_NAMES:
        rows.ended = {
            "task_id": task,
            "status": message["status"],
            "output_msg": message.get("output"),
            "error_msg": error,
            "ended": _end(message, new=new),
        }
    rows.performances = [
        _performance(period, task, message.get("subid"))
        for period in message.get("performances", ())
    ]
    rows.files = [_file(file, task) for file in message.get("files", ())]
    rows.derivations = [
        {"task_id": task, "relation": "wasDerivedFrom", "execution_tag": tag}
        for tag in message.get("derivedFrom", ())
    ]
    for data in message["sets"]:
        _add_elements(rows, data, layout, message["transformation"], task)
    return rows


def _end(message: TaskMessage, *, new: bool) -> str | None:
    """When a task ended, by the same clock that told when it began.

    If a service received several messages of the task, that is the service's clock, which may
    differ from its client's.
    """
    if "received" not in message:
        return _last_end(message)
    return str(message["endTime"] if new and "endTime" in message else message["received"])


def _last_end(message: TaskMessage) -> str | None:
    periods = message.get("performances", ())
    ends = [end for period in periods if (end := period.get("endTime"))]
    return max(ends, default=None)


def _file(file: FileMessage, task: int) -> dict[str, Any]:
    names = ("name", "path", "mode", "size", "sha256")
    return {"task_id": task} | {name: file.get(name) for name in names}


def _performance(period: PerformanceMessage, task: int, subtask: str | None) -> dict[str, Any]:
    return {
        "task_id": task,
        "subtask_id": subtask,
        "method": period.get("method", "COMPUTATION"),
        "description": period.get("description"),
        "starttime": period.get("startTime"),
        "endtime": period.get("endTime"),
        "invocation": period.get("invocation"),
    }


def _add_elements(
    rows: TaskRows, data: DataSetMessage, layout: DataflowLayout, writer: str, task: int
) -> None:
    known = layout.sets.get(data["tag"])
    if known is None or f"{writer}_task_id" not in known.task_columns:
        raise NotYetError(
            f"Dataflow {layout.tag!r}: transformation {writer!r} has no set {data['tag']!r}."
        )
    for values in data["elements"]:
        row = _element(known, data["attributes"], values)
        compare(layout, known, row.values, dict(row.exact), task, rows.compared)
        row.values[f"{writer}_task_id"] = task
        rows.elements[known.tag].append(row)


def _element(known: SetLayout, names: list[str], values: list[Any]) -> ElementRow:
    row = ElementRow({})
    for name, value in zip(names, values, strict=True):
        attribute = known.attributes.get(name)
        if attribute is None:
            raise NotYetError(f"Set {known.tag!r} has no attribute {name!r} in the database.")
        row.values[name], exact = column_value(value, attribute.type)
        if exact is not None:
            row.exact.append((attribute.id, exact))
    return row


def _transformation(layout: DataflowLayout, tag: str) -> int:
    if tag not in layout.transformations:
        raise NotYetError(f"Dataflow {layout.tag!r} has no transformation {tag!r}.")
    return layout.transformations[tag]
