"""Files as entities: their location and content, and the tasks that wrote and read them."""

from __future__ import annotations

from prov.identifier import QualifiedName

from ...executions.record import ExecutionRecord, FileRecord, TaskRecord
from ...file import READ, WRITTEN
from ...keras_schema import names as tags
from ..file_locations import location_uri, published_location
from ._rows import Rows
from ._statements import Statements

__all__ = ["state_files"]

OF_MODELS = frozenset(tag.lower() for tag in (tags.SAVING, tags.LOADING))


def state_files(
    statements: Statements, record: ExecutionRecord, rows: Rows
) -> tuple[list[QualifiedName], list[QualifiedName]]:
    """State the files that tasks read and wrote; returns the entities of both.

    Files with the same bytes, in this document or another, specialize one entity, which is named
    by their SHA-256.
    """
    read, written = [], []
    for file in record.files:
        entity = _state_file(statements, record, file)
        task = file.task
        activity = statements.names.task(task)
        if file.mode == WRITTEN:
            written.append(entity)
            statements.generated(entity, activity, task.ended if task.ended == task.began else None)
            for source in _sources(task, rows):
                statements.derived(entity, source)
        elif file.mode == READ:
            read.append(entity)
            statements.used(activity, entity)
        else:  # DfAnalyzer's clients do not tell whether the task read or wrote it
            statements.used(activity, entity)
    return read, written


def _sources(task: TaskRecord, rows: Rows) -> list[QualifiedName]:
    """What a file was derived from: what its task and the tasks before it had read.

    So a model leads back to the data and the configuration that it was trained with.
    """
    found = [*rows.sources(task.id)]
    for previous in task.depends_on:
        found += rows.sources(previous.id)
    return list(dict.fromkeys(found))


def _state_file(statements: Statements, record: ExecutionRecord, file: FileRecord) -> QualifiedName:
    names = statements.names
    types = [names.term("File")]
    if file.task.transformation in OF_MODELS:
        types.append(names.term("Model"))
    path = published_location(file.path)
    terms = {"path": path, "size": file.size, "sha256": file.sha256}
    entity = statements.entity(
        names.run(record.tag, "file", file.number),
        file.name or path,
        types,
        terms,
        location=location_uri(file.path),
    )
    if file.sha256:
        content = statements.entity(
            names.content(file.sha256),
            f"SHA-256 {file.sha256}",
            [names.term("Content")],
            {"sha256": file.sha256},
        )
        statements.specialized(entity, content)
    return entity
