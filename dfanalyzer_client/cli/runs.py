"""`keras-prov runs` and `keras-prov show`: executions for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from ..executions.reader import read_execution
from ..executions.record import TaskRecord
from ..executions.summaries import ExecutionSummary, executions, find_execution
from .common import duration, friendly_errors, reading, say, store_option
from .forms import json_text
from .tables import print_table

__all__ = ["runs", "show"]

COLUMNS_SHOWN = 8
"""A single row with more columns is printed with one value per line, without NULL values."""

ROWS_SHOWN = 20


@click.command()
@click.option("--dataflow", metavar="TAG", help="Only the executions of this dataflow.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@store_option
def runs(dataflow: str | None, as_json: bool, store: str | None) -> None:
    """List executions: status, epochs, last metrics, duration.

    Example: keras-prov runs --dataflow digits
    """
    with friendly_errors(), reading(store) as connection:
        summaries = executions(connection, dataflow)
    if as_json:
        click.echo(json_text([_object(summary) for summary in summaries]))
    elif not summaries:
        click.echo("No executions yet.", err=True)
    else:
        columns = ["id", "execution", "dataflow", "status", "epochs", "last metrics", "duration"]
        print_table(columns, [_row(summary) for summary in summaries])


@click.command()
@click.argument("execution")
@click.option("--all", "show_all", is_flag=True, help=f"All rows, not the first {ROWS_SHOWN}.")
@store_option
def show(execution: str, show_all: bool, store: str | None) -> None:
    """Show what EXECUTION read and wrote: its tasks, and its sets row by row.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`.

    Example: keras-prov show last
    """
    with friendly_errors(), reading(store) as connection:
        summary = find_execution(connection, execution)
        record = read_execution(connection, summary.dataflow, summary.id)
    say(f"Execution {summary.id}: {summary.tag}")
    say(
        f"Dataflow {summary.dataflow}, {summary.status}, {summary.epochs} epochs, "
        f"{duration(summary.seconds)}\n"
    )
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


def _row(summary: ExecutionSummary) -> list[Any]:
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in summary.metrics.items())
    return [
        summary.id,
        summary.tag,
        summary.dataflow,
        summary.status,
        summary.epochs,
        metrics,
        duration(summary.seconds),
    ]


def _object(summary: ExecutionSummary) -> dict[str, Any]:
    return {**vars(summary), "seconds": summary.seconds}


def _task(task: TaskRecord) -> tuple[Any, ...]:
    began, ended = _second(task.began), _second(task.ended)
    return task.transformation, task.number, task.status, began, ended, task.error or ""


def _second(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
