"""Digests of an execution's rows, by which they are known without their journals.

They are the same in every database that the execution's messages are stored in: nothing of what a
database counts by itself is in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ..executions.record import ExecutionRecord, SetRecord
from ._rows import TASK_FIELDS, DerivedRows, Name, by_task, files_by_task, task_name

__all__ = ["FORM", "digest_of", "row_digests"]

FORM = 1
"""The form of what the digests are computed of; another one gives other digests."""


def row_digests(record: ExecutionRecord, derived: DerivedRows) -> dict[str, str]:
    """SHA-256 of each part of an execution: its tasks, files, links, sets and derived tables.

    Args:
        record: the execution.
        derived: its rows of other tables.
    """
    parts: dict[str, Any] = {
        "tasks": {_said(task_name(task)): _task(task) for task in record.tasks},
        "files": _by_name(files_by_task(record.files)),
        "links": {"derived_from": record.derived_from, "association": asdict(record.association)},
    }
    parts |= {f"set {each.tag}": _set(each) for each in record.sets}
    parts |= {name: _by_name(rows) for name, rows in derived.items() if rows}
    return {name: digest_of(part) for name, part in sorted(parts.items())}


def digest_of(value: Any) -> str:
    """SHA-256 of a value as JSON in ASCII, with sorted keys and without white space."""
    text = json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _task(task: Any) -> dict[str, Any]:
    fields = {field: getattr(task, field) for field in TASK_FIELDS}
    return {**fields, "depends_on": sorted(map(task_name, task.depends_on))}


def _set(content: SetRecord) -> dict[str, Any]:
    return {_said(name): rows for name, rows in by_task(content).items()}


def _by_name(rows: Mapping[Name, Any]) -> dict[str, Any]:
    return {_said(name): each for name, each in rows.items()}


def _said(name: Name) -> str:
    return "\0".join(name)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
