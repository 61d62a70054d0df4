"""`keras-prov compare` and `keras-prov diff`: executions side by side, what differs first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ...executions.measured import hyperparameters_of
from ...executions.summaries import ExecutionSummary, find_executions
from ...store import Connection
from ..common import duration, form_options, friendly_errors, print_rows, reading, store_option
from ..completions import execution_tags
from ..forms import json_text
from ..tables import AS_CSV, print_table

__all__ = ["compare", "diff"]

DIFFER = 1
Row = list[Any]


@click.command()
@click.argument(
    "executions",
    metavar="EXECUTION...",
    nargs=-1,
    required=True,
    shell_complete=execution_tags,
)
@form_options
@store_option
def compare(executions: tuple[str, ...], form: str | None, store: str | None) -> None:
    """Print EXECUTIONs side by side: hyperparameters and last metrics, what differs first.

    An EXECUTION is an id, a tag, the beginning of a tag, or `last`.

    Example: keras-prov compare 1 2 last
    """
    with friendly_errors(), reading(store) as connection, connection.transaction():
        found, rows = _compared(connection, executions)
    columns = ["name", *(each.tag for each in found)]
    if form:
        print_rows(columns, rows, form)
    else:
        print_table(["name", *(str(each.id) for each in found)], rows, see_all=AS_CSV)


@click.command()
@click.argument("before", shell_complete=execution_tags)
@click.argument("after", shell_complete=execution_tags)
@click.option("--exit-code", is_flag=True, help=f"Exit with {DIFFER} if anything differs.")
@form_options
@store_option
def diff(before: str, after: str, *, exit_code: bool, form: str | None, store: str | None) -> None:
    """Print what differs between the executions BEFORE and AFTER: hyperparameters, last metrics.

    Both are an id, a tag, the beginning of a tag, or `last`.

    Example: keras-prov diff 1 last
    """
    with friendly_errors(), reading(store) as connection, connection.transaction():
        found, rows = _compared(connection, (before, after))
    differing = [row for row in rows if _differs(row) and row[0] != "execution"]
    if form == "json":
        keys = ("name", "before", "after")
        click.echo(json_text([dict(zip(keys, row, strict=True)) for row in differing]))
    elif form:
        print_rows(["name", *(each.tag for each in found)], differing, form)
    elif differing:
        titles = ["name", *(str(each.id) for each in found)]
        print_table(titles, differing, see_all=AS_CSV)
    else:
        click.echo("Nothing differs.", err=True)
    if exit_code and differing:
        raise SystemExit(DIFFER)


def _compared(
    connection: Connection, names: Sequence[str]
) -> tuple[list[ExecutionSummary], list[Row]]:
    """The executions, and a row for each of their values; rows that differ come first."""
    found = find_executions(connection, names)
    chosen = hyperparameters_of(connection, [each.id for each in found])
    rows: list[Row] = [
        ["execution", *(each.tag for each in found)],
        ["dataflow", *(each.dataflow for each in found)],
        ["status", *(each.status for each in found)],
        ["epochs", *(each.epochs for each in found)],
        ["duration", *(duration(each.seconds) for each in found)],
    ]
    for name in dict.fromkeys(name for each in found for name in chosen[each.id]):
        rows.append([name, *(chosen[each.id].get(name) for each in found)])
    for name in dict.fromkeys(name for each in found for name in each.metrics):
        rows.append([f"metrics.{name}", *(each.metrics.get(name) for each in found)])
    return found, sorted(rows, key=lambda row: (row[0] != "execution", not _differs(row)))


def _differs(row: Row) -> bool:
    return len({str(value) for value in row[1:]}) > 1
