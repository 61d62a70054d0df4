"""`keras-prov runs`: executions, the newest first."""

from __future__ import annotations

import difflib
import shutil
import sys
import threading
from collections.abc import Sequence
from typing import Any

import click

from ...errors import UnknownTagError
from ...executions.measured import newest_ids
from ...executions.summaries import ExecutionSummary, executions
from ...store import Connection
from ...task_status import TaskStatus
from ..common import duration, form_options, friendly_errors, print_rows, reading, store_option
from ..completions import dataflow_tags
from ..forms import json_text
from ..tables import as_table, print_table

__all__ = ["runs"]

LISTED = 50
"""So many are listed on a terminal without --limit."""

SHOWN = ("id", "execution", "dataflow", "status", "epochs", "last metrics", "duration")
FIELDS = ("id", "execution", "dataflow", "status", "began", "ended", "epochs", "seconds")
METRICS = "metrics."
WATCH_SECONDS = 2.0
SEE_ALL = "--columns chooses, --csv prints all, and `| less -S` shows all"


@click.command()
@click.option(
    "--dataflow",
    metavar="TAG",
    shell_complete=dataflow_tags,
    help="Only the executions of this dataflow.",
)
@click.option(
    "--status",
    type=click.Choice([status.value for status in TaskStatus], case_sensitive=False),
    help="Only executions with this status.",
)
@click.option(
    "--sort",
    metavar="COLUMN",
    help="Sort by this column, or by a metric's last value; with ' DESC', greatest first. "
    "Default: the newest first.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"The maximum number of executions. Default: {LISTED} on a terminal, else all.",
)
@click.option(
    "--columns",
    metavar="COLUMN,…",
    help=f"Which columns: {', '.join(dict.fromkeys((*SHOWN, *FIELDS)))}, or a metric.",
)
@click.option("--watch", is_flag=True, help="Show the table anew every 2 seconds, until Ctrl-C.")
@form_options
@store_option
def runs(
    dataflow: str | None,
    status: str | None,
    sort: str | None,
    limit: int | None,
    columns: str | None,
    *,
    watch: bool,
    form: str | None,
    store: str | None,
) -> None:
    """List executions, the newest first: status, epochs, last metrics, duration.

    Example: keras-prov runs --dataflow digits --sort val_loss --limit 10
    """
    if watch and (form or not sys.stdout.isatty()):
        raise click.UsageError("--watch needs a terminal: in a pipe, call `keras-prov runs` again.")
    chosen = [name.strip() for name in columns.split(",")] if columns else None
    most = LISTED if limit is None and sys.stdout.isatty() and not form else limit
    with friendly_errors(), reading(store) as connection:
        if watch:
            _watch(connection, dataflow, status, sort, most, chosen)
            return
        found, total = _found(connection, dataflow, status, sort, most)
        rows = _rows(found, _columns(found, chosen, form))
    if form == "json" and not chosen:
        click.echo(json_text([_object(summary) for summary in found]))
    elif form:
        print_rows(_columns(found, chosen, form), rows, form)
    elif not found:
        click.echo("No executions yet." if not total else "No executions to list.", err=True)
    else:
        print_table(_columns(found, chosen, form), rows, see_all=SEE_ALL)
        if limit is None and len(found) < total:
            click.echo(f"{total - len(found)} more; --limit {total} lists them.", err=True)


def _found(
    connection: Connection,
    dataflow: str | None,
    status: str | None,
    sort: str | None,
    limit: int | None,
) -> tuple[list[ExecutionSummary], int]:
    """The executions to list, and how many there are that fulfil the conditions."""
    is_by_age = status is None and sort is None
    ids, total = newest_ids(connection, dataflow, limit if is_by_age else None)
    with connection.transaction():
        found = executions(connection, dataflow, ids=ids)
    found.reverse()
    if status is not None:
        found = [each for each in found if each.status == status.upper()]
        total = len(found)
    if sort is not None:
        found = _sorted(found, sort)
    return found[:limit], total


def _sorted(found: Sequence[ExecutionSummary], sort: str) -> list[ExecutionSummary]:
    """The executions by a column; those without a value come last."""
    name, _, direction = sort.strip().partition(" ")
    descends = direction.strip().upper() == "DESC"
    if direction and direction.strip().upper() not in ("ASC", "DESC"):
        raise UnknownTagError(f"--sort takes a column, and ASC or DESC. Received: {sort!r}.")
    _check_names([name], found)
    known = [each for each in found if not _is_missing(_value(each, name))]
    rest = [each for each in found if _is_missing(_value(each, name))]
    return [*sorted(known, key=lambda each: _value(each, name), reverse=descends), *rest]


def _columns(
    found: Sequence[ExecutionSummary], chosen: list[str] | None, form: str | None
) -> list[str]:
    if chosen:
        _check_names(chosen, found)
        return chosen
    return [*FIELDS, *(METRICS + name for name in _metrics(found))] if form else list(SHOWN)


def _check_names(names: Sequence[str], found: Sequence[ExecutionSummary]) -> None:
    known = [*dict.fromkeys((*SHOWN, *FIELDS)), *_metrics(found)]
    for name in names:
        if found and name.removeprefix(METRICS) not in known:
            close = difflib.get_close_matches(name, known) or known
            raise UnknownTagError(f"There is no column {name!r}. Expected one of {_list(close)}.")


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _metrics(found: Sequence[ExecutionSummary]) -> list[str]:
    return list(dict.fromkeys(name for each in found for name in each.metrics))


def _rows(found: Sequence[ExecutionSummary], columns: Sequence[str]) -> list[list[Any]]:
    return [[_value(each, name) for name in columns] for each in found]


def _value(summary: ExecutionSummary, name: str) -> Any:
    if name == "execution":
        return summary.tag
    if name == "last metrics":
        return ", ".join(f"{key} {value:.4g}" for key, value in summary.metrics.items())
    if name == "duration":
        return duration(summary.seconds)
    if name in FIELDS:
        return getattr(summary, name)
    return summary.metrics.get(name.removeprefix(METRICS))


def _is_missing(value: Any) -> bool:
    return value is None or value != value


def _object(summary: ExecutionSummary) -> dict[str, Any]:
    return {**vars(summary), "seconds": summary.seconds, "execution": summary.tag}


def _watch(
    connection: Connection,
    dataflow: str | None,
    status: str | None,
    sort: str | None,
    limit: int | None,
    chosen: list[str] | None,
) -> None:
    """Show the table, and again whenever it may have changed, until the user interrupts."""
    from rich.console import Console
    from rich.live import Live

    pause = threading.Event()
    with Live(console=Console(highlight=False), auto_refresh=False) as live:
        try:
            while True:
                found, _ = _found(connection, dataflow, status, sort, limit)
                names = _columns(found, chosen, None)
                size = shutil.get_terminal_size()
                live.update(as_table(names, _rows(found, names), size.columns)[0], refresh=True)
                pause.wait(WATCH_SECONDS)
        except KeyboardInterrupt:
            return
