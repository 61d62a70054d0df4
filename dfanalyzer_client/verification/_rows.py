"""Compare an execution as it is stored with the same one, stored anew from its journals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ..executions.reader import read_execution
from ..executions.record import ExecutionRecord, FileRecord, SetRecord, TaskRecord
from ..executions.summaries import ExecutionSummary
from ..store import Connection
from ..store.schema import TABLES, columns_of, table
from ..store.sql import among, identifier

__all__ = [
    "TASK_FIELDS",
    "DerivedRows",
    "Name",
    "by_task",
    "counted",
    "differences",
    "execution_with",
    "files_by_task",
    "task_name",
]

DERIVED = ("hyperparameter_value", "metric_value", "metric_summary", "execution_link")
"""Tables of the catalogue with values of tasks, which the views of comparisons and lineage read."""

KEYS = ("task_id", "df_exec")
"""Columns that are another number in another database."""

TASK_FIELDS = ("status", "began", "ended", "workspace", "resource", "output", "error")
FILE_FIELDS = ("name", "path", "mode", "size", "sha256")

Name = tuple[str, str]
"""A task: its transformation and its name."""

DerivedRows = Mapping[str, Mapping[Name, Sequence[tuple[Any, ...]]]]


def execution_with(
    connection: Connection, summary: ExecutionSummary
) -> tuple[ExecutionRecord, DerivedRows]:
    """What is stored of an execution: its record, and the rows of other tables by its tasks.

    It is read in the connection's transaction.
    """
    record = read_execution(connection, summary.dataflow, summary.id)
    return record, {name: _derived(connection, record, name) for name in DERIVED}


def counted(record: ExecutionRecord) -> str:
    """How much was compared."""
    rows = sum(len(each.rows) for each in record.sets)
    return f"{len(record.tasks)} tasks, {rows} rows of {len(record.sets)} sets, and their values"


def differences(
    stored: tuple[ExecutionRecord, DerivedRows], expected: tuple[ExecutionRecord, DerivedRows]
) -> Iterator[str]:
    """Each difference between what is stored and what the journals say, in words."""
    (here, derived), (there, derived_there) = stored, expected
    yield from _of_tasks(here, there)
    yield from _of_sets(here, there)
    yield from _of_files(here.files, there.files)
    for name in DERIVED:
        yield from _of_derived(name, derived[name], derived_there[name])
    # not `derived_from`: it has executions, too, that wrote a file which this one read
    yield from _of_value("the execution's association", here.association, there.association)


def _of_tasks(here: ExecutionRecord, there: ExecutionRecord) -> Iterator[str]:
    stored, expected = ({task_name(task): task for task in each.tasks} for each in (here, there))
    yield from _of_keys("task", stored, expected)
    for name in stored.keys() & expected.keys():
        a, b = stored[name], expected[name]
        for field in TASK_FIELDS:
            yield from _of_value(f"{field} of task {_said(name)}", _of(a, field), _of(b, field))
        yield from _of_value(
            f"what task {_said(name)} depends on",
            sorted(map(task_name, a.depends_on)),
            sorted(map(task_name, b.depends_on)),
        )


def _of_sets(here: ExecutionRecord, there: ExecutionRecord) -> Iterator[str]:
    stored, expected = (
        {(each.tag, *of): rows for each in record.sets for of, rows in by_task(each).items()}
        for record in (here, there)
    )
    yield from _of_keys("rows of", stored, expected)
    for key in stored.keys() & expected.keys():
        tag, *of = key
        where = f"set {tag}, task {_said(of)}"
        for number, (a, b) in enumerate(zip_longest(stored[key], expected[key]), 1):
            if a is None or b is None:
                count = f"{len(stored[key])} rows are stored, and the journals have"
                yield f"{where}: {count} {len(expected[key])}"
                break
            for column in dict.fromkeys([*a, *b]):
                name = f"{where}, row {number}, {column}"
                yield from _of_value(name, a.get(column), b.get(column))


def _of_files(here: Sequence[FileRecord], there: Sequence[FileRecord]) -> Iterator[str]:
    stored, expected = (files_by_task(files) for files in (here, there))
    for name in dict.fromkeys([*stored, *expected]):
        yield from _of_value(f"files of task {_said(name)}", stored[name], expected[name])


def _of_derived(
    name: str,
    stored: Mapping[Name, Sequence[tuple[Any, ...]]],
    expected: Mapping[Name, Sequence[tuple[Any, ...]]],
) -> Iterator[str]:
    for task in dict.fromkeys([*stored, *expected]):
        left, right = (list(map(repr, each.get(task, ()))) for each in (stored, expected))
        here, there = set(left), set(right)  # a training has tens of thousands
        extra = [row for row in left if row not in there]
        missing = [row for row in right if row not in here]
        if extra or missing or len(left) != len(right):
            what = f"{name} of task {_said(task)}"
            yield f"{what}: stored is {_shown(extra)}, and the journals have {_shown(missing)}"


def _of_keys(what: str, stored: Mapping[Any, Any], expected: Mapping[Any, Any]) -> Iterator[str]:
    for key in stored.keys() - expected.keys():
        yield f"{what} {_said(key)}: stored, and in no journal that was found"
    for key in expected.keys() - stored.keys():
        yield f"{what} {_said(key)}: not stored, though a journal has it"


def _of_value(what: str, stored: Any, expected: Any) -> Iterator[str]:
    if repr(stored) != repr(expected):  # NaN is not equal to itself
        yield f"{what}: stored is {stored!r}, and the journals have {expected!r}"


def _of(task: TaskRecord, field: str) -> Any:
    return getattr(task, field)


def by_task(content: SetRecord) -> dict[Name, list[dict[str, Any]]]:
    """The rows of a set by the task that wrote them, or read them first; without empty values."""
    found: dict[Name, list[dict[str, Any]]] = defaultdict(list)
    for row in content.rows:
        values = zip(content.columns, row.values, strict=True)
        known = {column: value for column, value in values if value is not None}
        known["(readers)"] = sorted(map(task_name, row.readers))
        found[task_name(row.task)].append(known)
    return found


def files_by_task(files: Sequence[FileRecord]) -> dict[Name, list[tuple[Any, ...]]]:
    """What is recorded of files, by the task that wrote or read them."""
    found: dict[Name, list[tuple[Any, ...]]] = defaultdict(list)
    for file in files:
        found[task_name(file.task)].append(tuple(getattr(file, field) for field in FILE_FIELDS))
    return found


def _derived(
    connection: Connection, record: ExecutionRecord, name: str
) -> dict[Name, list[tuple[Any, ...]]]:
    """The rows of a table by the execution's tasks, sorted."""
    columns = [each for each in columns_of(TABLES[name]) if each not in KEYS]
    selected = ", ".join(f"v.{identifier(column)}" for column in columns)
    tasks = {task.id: task_name(task) for task in record.tasks}
    found: dict[Name, list[tuple[Any, ...]]] = defaultdict(list)
    for task, *row in connection.query(
        f"SELECT v.task_id, {selected} FROM {table(name)} v WHERE {among('v.task_id', tasks)}"
    ):
        if task in tasks:
            found[tasks[task]].append(tuple(row))
    return {task: sorted(rows, key=repr) for task, rows in found.items()}


def task_name(task: TaskRecord) -> Name:
    """What a task is called in every database: its transformation and its name."""
    return task.transformation, task.name


def _said(name: Sequence[str]) -> str:
    return " ".join(name)


def _shown(rows: Sequence[str]) -> str:
    if not rows:
        return "nothing else"
    return rows[0] + (f" and {len(rows) - 1} more" if rows[1:] else "")
