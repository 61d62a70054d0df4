"""Summarize an execution in a few nodes, for pictures.

A transformation with all its tasks is one activity; a set with all its rows is one entity.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from prov.identifier import QualifiedName
from prov.model import ProvDocument

from ...executions.record import ExecutionRecord, FileRecord, SetRecord, TaskRecord
from ...file import WRITTEN
from ..file_locations import published_location
from ._agents import state_program_agents
from ._identifiers import Names
from ._options import Options
from ._statements import Statements
from ._usage import reads_of, series_of

__all__ = ["summary_of"]

MAX_VALUES, MAX_CHARACTERS, MAX_FILES = 12, 40, 3
HASH_CHARACTERS = 16


def summary_of(record: ExecutionRecord, options: Options) -> ProvDocument:
    """The document for a picture: the whole execution, however many epochs it has."""
    document = ProvDocument()
    names = Names(options.base, record.tag, record.site)
    statements = Statements(document, names)
    doing: dict[str, list[TaskRecord]] = defaultdict(list)
    for task in record.tasks:
        doing[task.transformation].append(task)
    activities = {tag: _activity(statements, tag, tasks) for tag, tasks in doing.items()}
    _state_agents(statements, record, options, activities)
    linked = _state_sets(statements, record, activities)
    _state_files(statements, record, activities)
    for task in record.tasks:
        for previous in task.depends_on:
            pair = (task.transformation, previous.transformation)
            if pair[0] != pair[1] and pair not in linked:
                linked.add(pair)
                statements.informed(activities[pair[0]], activities[pair[1]])
    return document


def _activity(statements: Statements, tag: str, tasks: list[TaskRecord]) -> QualifiedName:
    begins = [task.began for task in tasks if task.began]
    ends = [task.ended for task in tasks if task.ended]
    began, ended = min(begins, default=None), max(ends, default=None)
    statuses = Counter(task.status for task in tasks)
    seconds = None if began is None or ended is None else (ended - began).total_seconds()
    return statements.activity(
        statements.names.run(statements.names.execution, "task", tag),
        tag if len(tasks) == 1 else f"{tag} ×{len(tasks)}",
        [],
        (began, ended),
        {
            "status": ", ".join(
                status if len(statuses) == 1 else f"{count} {status}"
                for status, count in statuses.items()
            ),
            "seconds": None if seconds is None else f"{seconds:.3g}",
            "error": next((_short(task.error) for task in tasks if task.error), None),
        },
    )


def _state_agents(
    statements: Statements,
    record: ExecutionRecord,
    options: Options,
    activities: dict[str, QualifiedName],
) -> None:
    for tag, agent in state_program_agents(statements, record, options):
        statements.associated(activities[tag], agent)


def _state_sets(
    statements: Statements, record: ExecutionRecord, activities: dict[str, QualifiedName]
) -> set[tuple[str, str]]:
    """State sets, who wrote and read them; returns the transformations that they link."""
    tasks = {task.id: task for task in record.tasks}
    readers: dict[str, dict[str, None]] = defaultdict(dict)
    for task, sets in reads_of(record).items():
        for tag in sets:
            readers[tag][tasks[task].transformation] = None
    linked = set()
    for content in record.sets:
        entity = statements.entity(
            statements.names.run(record.tag, "set", content.tag),
            _title(content),
            [],
            {},
            _shown(content),
        )
        writers = dict.fromkeys(row.writer.transformation for row in content.rows if row.writer)
        for tag in writers:
            statements.generated(entity, activities[tag])
        for tag in readers[content.tag]:
            statements.used(activities[tag], entity)
            linked |= {(tag, writer) for writer in writers}
    return linked


def _state_files(
    statements: Statements, record: ExecutionRecord, activities: dict[str, QualifiedName]
) -> None:
    """State files, one by one if they are few, and who wrote and read them."""
    groups: dict[tuple[str, bool], list[FileRecord]] = defaultdict(list)
    for file in record.files:
        groups[file.task.transformation, file.mode == WRITTEN].append(file)
    for (tag, is_written), files in groups.items():
        for entity in _file_entities(statements, record, files):
            if is_written:
                statements.generated(entity, activities[tag])
            else:
                statements.used(activities[tag], entity)


def _file_entities(
    statements: Statements, record: ExecutionRecord, files: list[FileRecord]
) -> Iterable[QualifiedName]:
    if len(files) <= MAX_FILES:
        for file in files:
            digest = f"{file.sha256[:HASH_CHARACTERS]}…" if file.sha256 else None
            name = (
                statements.names.content(file.sha256)  # one node for who wrote and who read it
                if file.sha256
                else statements.names.run(record.tag, "file", file.number)
            )
            yield statements.entity(
                name,
                file.name,
                [],
                {"path": _short(published_location(file.path)), "sha256": digest},
            )
        return
    first, last = files[0], files[-1]
    name = statements.names.run(record.tag, "file", f"{first.number}-{last.number}")
    yield statements.entity(
        name, f"{len(files)} files", [], {"first": first.name, "last": last.name}
    )


def _title(of: SetRecord) -> str:
    count = len(of.rows)
    last = ", the last:" if series_of(of) is not None else ""
    return of.tag if count == 1 else f"{of.tag}, {count} rows{last}"


def _shown(of: SetRecord) -> dict[str, Any]:
    """The values of a single row, or of the last row of a series."""
    if len(of.rows) > 1 and series_of(of) is None:
        return {}
    values = {
        name: value
        for name, value in zip(of.columns, of.rows[-1].values, strict=True)
        if value is not None and not name.endswith("timestamp")
    }
    return {name: _short(value) for name, value in list(values.items())[:MAX_VALUES]}


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
