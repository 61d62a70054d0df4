"""Read a task from text, as the message that a client would send in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .calls import TASK_CALLS, Call, Read, calls_of, named_path, only

__all__ = ["read_task"]


def read_task(text: str) -> Read:
    """The message of a task; raises TextError."""
    calls = list(calls_of(text, TASK_CALLS))
    task = only(calls, "task")
    task.check_count(5, 7)
    names = ("dataflow", "transformation", "id", "subid", "status", "workspace", "resource")
    message: dict[str, Any] = dict(zip(names, task.arguments, strict=False))
    lines = {id(message): task.line}
    takes: dict[str, tuple[str, Callable[[Call], dict[str, Any]]]] = {
        "collection": ("sets", _collection),
        "file": ("files", named_path),
    }
    pairs: list[dict[str, Any]] = []
    for call in calls:
        if call.method in takes:
            key, read = takes[call.method]
            found = read(call)
            message.setdefault(key, []).append(found)
            lines[id(found)] = call.line
        elif call.method == "dependency":
            pairs += _dependency(call)
            lines.setdefault(id(pairs), call.line)
    if pairs:
        message["dependency"] = pairs
    return Read(message, lines)


def _collection(call: Call) -> dict[str, Any]:
    call.check_count(2, 2)
    tag, text = call.arguments
    elements = [call.split(element) for element in call.split(text) if element]
    for number, element in enumerate(elements, 1):
        if any("{" in value or "}" in value for value in element):
            raise call.error(f"element {number} has braces in a value.")
    return {"tag": tag, "elements": elements}


def _dependency(call: Call) -> list[dict[str, Any]]:
    """Pairs of a transformation and the id of one of its tasks."""
    call.check_count(2, 2)
    tags, groups = call.names(0), call.names(1)
    ids = [call.split(group) if group.startswith("{") else [group] for group in groups]
    if len(tags) == 1:
        ids = [[number for group in ids for number in group]]
    if len(tags) != len(ids):
        raise call.error(f"{len(tags)} transformations and {len(ids)} lists of ids do not match.")
    return [
        {"tag": tag, "id": number}
        for tag, numbers in zip(tags, ids, strict=True)
        for number in filter(None, numbers)
    ]
