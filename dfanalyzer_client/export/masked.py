"""Mask an execution for publication, including what was stored before a masking rule existed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..executions.record import ExecutionRecord, FileRecord, RowRecord, SetRecord, TaskRecord
from ..executions.steering import SteeringRow
from ..masking import masked, masked_location, masked_row

__all__ = ["published"]


def published(record: ExecutionRecord) -> ExecutionRecord:
    """`record` with the secrets in its texts masked; tags and names stay as they are."""
    for task in record.tasks:
        _mask(task)
    record.sets = [_set(content) for content in record.sets]
    record.files = [_file(file) for file in record.files]
    record.requests = [_request(request) for request in record.requests]
    return record


def _request(request: SteeringRow) -> SteeringRow:
    texts = ("target", "value", "condition", "reason", "old_value", "new_value", "detail")
    changed: dict[str, Any] = {name: _text(getattr(request, name)) for name in texts}
    return request._replace(**changed)


def _mask(task: TaskRecord) -> None:
    """Mask a task in place, because tasks and rows refer to each other."""
    task.workspace, task.resource = _text(task.workspace), _text(task.resource)
    task.output, task.error = _text(task.output), _text(task.error)


def _text(text: str | None) -> str | None:
    return None if text is None else masked(text)


def _set(content: SetRecord) -> SetRecord:
    columns = content.columns
    return SetRecord(content.layout, [_row(columns, row) for row in content.rows])


def _row(columns: list[str], row: RowRecord) -> RowRecord:
    return replace(row, values=tuple(masked_row(columns, row.values)))


def _file(file: FileRecord) -> FileRecord:
    """A file with its name masked; its path is needed to find it, and exported without a login."""
    return replace(file, name=masked_location(file.name))
