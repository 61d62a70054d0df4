"""The text of a message as a journal holds it: the one module that knows its bytes.

A message is JSON in ASCII without white space, in the order of its keys. Readers of many journals
pass over most lines by their bytes, which saves parsing them; what they then parse decides.
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring_ascii
from typing import NamedTuple

from .messages import DATAFLOW, TASK, JournalTask, TaskMessage

__all__ = [
    "DATAFLOW",
    "TASK",
    "RelayedTask",
    "RowTemplate",
    "encode",
    "may_declare",
    "may_name",
    "plain_text",
    "relayed_task",
]

encode = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes one for each call
"""The text of a message, or of a value in one."""

_DECLARES = f'"kind":"{DATAFLOW}"'.encode("ascii")
_NO_ELEMENTS = '"elements":[]'
"""Quotes in names and values are escaped, so this stands in a message only where a set has none."""

_TEXT = rb'"((?:[^"\\]|\\.)*)"'
_RELAYED = re.compile(
    b'[0-9]+ [0-9a-f]{8} {"kind":"%s","id":"(-?[0-9]+)","exec":%s,"dataflow":%s,'
    b'"transformation":%s,"status":"([A-Z]+)","declared":"([0-9a-f]*)"'
    % (TASK.encode("ascii"), _TEXT, _TEXT, _TEXT)
)


class RelayedTask(NamedTuple):
    """What the beginning of a line says of a task that the service relays.

    Attributes:
        name: dataflow, execution, transformation and id.
        status: its state.
        declared: the declaration that it keeps to.
    """

    name: tuple[str, str, str, str]
    status: str
    declared: str


class RowTemplate:
    """The text of a task's message, but for the one row of its one set.

    Args:
        message: the task's message, with one set that has no elements.

    Attributes:
        head: stands before the texts of the row's values, which commas separate.
        tail: stands behind them.
    """

    def __init__(self, message: TaskMessage) -> None:
        whole: JournalTask = {"kind": TASK, **message}
        text = encode(whole)
        head, _, tail = text.rpartition(_NO_ELEMENTS)
        self.head, self.tail = f'{head}"elements":[[', f"]]{tail}"


def plain_text(value: str) -> str | None:
    """The text of a printable ASCII string; None for any other, which `encode` makes."""
    return encode_basestring_ascii(value) if value.isascii() and value.isprintable() else None


def may_declare(line: bytes) -> bool:
    """Whether a journal's line may be of a dataflow's message; False is certain."""
    return _DECLARES in line


def may_name(line: bytes, text: str) -> bool:
    """Whether a text may stand in a journal's line, as a key or a value; False is certain."""
    return encode(text).encode("ascii") in line


def relayed_task(line: bytes) -> RelayedTask | None:
    """The task of a journal's line that the service has written; None for any other line."""
    found = _RELAYED.match(line)
    if found is None:
        return None
    id_, exec_tag, dataflow, transformation, status, declared = found.groups()
    name = (_text(dataflow), _text(exec_tag), _text(transformation), id_.decode())
    return RelayedTask(name, status.decode(), declared.decode())


def _text(quoted: bytes) -> str:
    return str(json.loads(b'"' + quoted + b'"'))
