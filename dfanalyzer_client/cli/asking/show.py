"""`keras-prov show`: what an execution read and wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from ...errors import UnknownTagError
from ...executions.annotations import note_of, tags_of
from ...executions.reader import read_execution
from ...executions.record import ExecutionRecord, SetRecord, TaskRecord
from ...executions.summaries import find_execution
from ..common import duration, form_options, friendly_errors, print_rows, reading, say, store_option
from ..completions import execution_tags
from ..forms import json_text
from ..strict_command import StrictCommand
from ..tables import print_table
from .steering import COLUMNS as STEERING_COLUMNS
from .steering import say_if_unreadable, steering_rows

__all__ = ["show"]

COLUMNS_SHOWN = 8
"""A single row with more columns is printed with one value per line, without NULL values."""

ROWS_SHOWN = 20
FILE_KEYS = ("name", "path", "mode", "size", "sha256")
TASK_KEYS = ("transformation", "task", "status", "began", "ended", "error")


@click.command(cls=StrictCommand)
@click.argument("execution", shell_complete=execution_tags)
@click.option("--all", "show_all", is_flag=True, help=f"All rows, not the first {ROWS_SHOWN}.")
@click.option("--set", "set_tag", metavar="NAME", help="Only the rows of this set.")
@form_options
@store_option
def show(
    execution: str, *, show_all: bool, set_tag: str | None, form: str | None, store: str | None
) -> None:
    """Show what EXECUTION read and wrote: its tasks, and its sets row by row.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`.

    With --json, everything is one object; --csv prints the rows of one set, which --set names.

    Example: keras-prov show last
    """
    if form == "csv" and set_tag is None:
        raise click.UsageError("CSV has the rows of one set: name it with --set.")
    with friendly_errors(), reading(store) as connection:
        summary = find_execution(connection, execution)
        with connection.transaction():
            record = read_execution(connection, summary.dataflow, summary.id)
            tags, note = tags_of(connection, summary.id), note_of(connection, summary.id)
            asked = record.requests
        if set_tag is None:
            say_if_unreadable(connection)
        if set_tag is not None:
            content = _named_set(record, set_tag)
            rows = [row.values for row in content.rows]
            if form:
                print_rows(content.columns, rows, form)
            else:
                _print_some(content.columns, rows, show_all)
            return
    if form == "json":
        described = {**vars(summary), "execution": summary.tag, "seconds": summary.seconds}
        described |= {
            "tags": {each.name: each.value for each in tags},
            "note": None if note is None else note.text,
            "steering": [each._asdict() for each in asked],
        }
        click.echo(json_text({**described, **_parts(record)}))
        return
    say(f"Execution {summary.id}: {summary.tag}")
    facts = [summary.status, f"{summary.epochs} epochs", duration(summary.seconds)]
    say(f"Dataflow {', '.join(filter(None, (summary.dataflow, *facts)))}\n")
    if tags:
        say("Tags: " + ", ".join(f"{each.name}={each.value}".rstrip("=") for each in tags))
    if note is not None:
        say(f"Note: {note.text}")
    if tags or note is not None:
        click.echo()
    if asked:
        click.echo("Steering")
        _print_some(STEERING_COLUMNS, steering_rows(asked), show_all)
        click.echo()
    click.echo("Tasks")
    columns = ["transformation", "task", "status", "began (UTC)", "ended (UTC)", "error"]
    _print_some(columns, [_task(task) for task in record.tasks], show_all)
    for content in record.sets:
        done = dict.fromkeys(row.task.transformation for row in content.rows)
        say(f"\n{content.tag} (of {', '.join(done)})")
        _print_some(content.columns, [row.values for row in content.rows], show_all)


def _print_some(columns: list[str], rows: list[tuple[Any, ...]], show_all: bool) -> None:
    if len(rows) == 1 and len(columns) > COLUMNS_SHOWN:
        known = [
            (name, value) for name, value in zip(columns, *rows, strict=True) if value is not None
        ]
        print_table(["name", "value"], known)
        return
    shown = rows if show_all else rows[:ROWS_SHOWN]
    print_table(columns, shown)
    if len(shown) < len(rows):
        click.echo(f"… {len(rows) - len(shown)} more rows; --all shows them.")


def _named_set(record: ExecutionRecord, name: str) -> SetRecord:
    """The set of this tag; raises UnknownTagError."""
    for content in record.sets:
        if content.tag == name.lower():
            return content
    known = ", ".join(content.tag for content in record.sets) or "none"
    raise UnknownTagError(f"The execution has no rows of a set {name!r}. Its sets are: {known}.")


def _parts(record: ExecutionRecord) -> dict[str, Any]:
    """Tasks, rows and files of an execution, as JSON has them."""
    return {
        "tasks": [dict(zip(TASK_KEYS, _task(task), strict=True)) for task in record.tasks],
        "sets": {
            content.tag: [
                dict(zip(content.columns, row.values, strict=True)) for row in content.rows
            ]
            for content in record.sets
        },
        "files": [{name: getattr(file, name) for name in FILE_KEYS} for file in record.files],
        "derived_from": record.derived_from,
    }


def _task(task: TaskRecord) -> tuple[Any, ...]:
    began, ended = _second(task.began), _second(task.ended)
    return task.transformation, task.number, task.status, began, ended, task.error or ""


def _second(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
