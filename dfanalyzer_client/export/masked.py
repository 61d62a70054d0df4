"""An execution as others may see it: what was stored before a rule was known is masked, too."""

from __future__ import annotations

from dataclasses import replace

from ..executions.record import ExecutionRecord, FileRecord, RowRecord, SetRecord, TaskRecord
from ..masking import masked, masked_location, masked_row

__all__ = ["published"]


def published(record: ExecutionRecord) -> ExecutionRecord:
    """`record` with the secrets in its texts masked; what names its parts stays as it is."""
    for task in record.tasks:
        _mask(task)
    record.sets = [_set(each) for each in record.sets]
    record.files = [_file(each) for each in record.files]
    return record


def _mask(task: TaskRecord) -> None:
    """In place: tasks and rows name each other."""
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
    """Its path is published without a login by whoever publishes it, and needed to find it."""
    return replace(file, name=masked_location(file.name))
