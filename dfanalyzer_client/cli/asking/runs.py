"""`keras-prov runs`: executions, the newest first."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Mapping, Sequence

import click

from ...analysis.run_summary import RunSummary
from ...executions.dataflow_tags import check_dataflow
from ...executions.newest import newest_ids
from ...executions.summaries import ExecutionSummary, executions
from ...store import Connection
from ...store.reading import Catalogue
from ...support.clock import aware_utc
from ...task_status import TaskStatus
from ..common import (
    form_options,
    friendly_errors,
    print_rows,
    reading,
    say,
    store_option,
)
from ..completions import dataflow_tags
from ..forms import json_text
from ..strict_command import StrictCommand
from ..tables import as_table, print_table
from .asked import Asked
from .run_columns import FIELDS, SHOWN, job_names, known_columns, listed_columns
from .run_rows import run_columns, run_object, run_rows
from .site_options import Sites, site_options
from .site_runs import list_runs

__all__ = ["runs"]

LISTED = 50
"""So many are listed on a terminal without --limit."""

WATCH_SECONDS = 2.0


SPARE = ("dataflow", "duration")
"""What a narrow terminal leaves out first: the execution's tag begins with the dataflow's."""

SEE_ALL = "--columns chooses, --csv prints all, and `| less -S` shows all"


@click.command(cls=StrictCommand)
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
    "--where",
    metavar="CONDITION",
    multiple=True,
    help='Only executions that fulfil it, as "learning_rate < 0.01 AND lowest.val_loss < 0.2"; '
    "if it is repeated, those that fulfil all.",
)
@click.option(
    "--sort",
    metavar="COLUMN",
    help="Sort by this field, hyperparameter or metric; with ' DESC', greatest first. "
    "Default: the newest first.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"The maximum number of executions. Default: {LISTED} on a terminal, else all.",
)
@click.option(
    "--columns",
    metavar="COLUMN,…",
    help=f"Which columns: {', '.join(dict.fromkeys((*SHOWN, *FIELDS)))}, note, or a metric, a "
    "hyperparameter or a tag, as metrics.loss, lowest.loss, highest.loss, params.learning_rate, "
    "tags.best, or job.NAME.",
)
@click.option("--watch", is_flag=True, help="Show the table anew every 2 seconds, until Ctrl-C.")
@site_options
@form_options
@store_option
def runs(
    dataflow: str | None,
    status: str | None,
    where: tuple[str, ...],
    sort: str | None,
    limit: int | None,
    columns: str | None,
    *,
    watch: bool,
    sites: Sites,
    form: str | None,
    store: str | None,
) -> None:
    """List executions, the newest first: status, epochs, last metrics, duration.

    Conditions and orders name id, execution, dataflow, status, began, ended, seconds, epochs,
    stop_reason and note; hyperparameters.NAME (or params.NAME), metrics.NAME (the last value),
    lowest.NAME, highest.NAME, tags.NAME and job.NAME (of a cluster's job, as job.array_task). The
    name of a hyperparameter or a metric is enough where only one of them has it. Texts and times
    are in single quotes, odd names in double quotes; isnan(NAME) and isinf(NAME) find metrics that
    are no numbers.

    Example: keras-prov runs --where 'val_loss < 0.1' --sort val_loss --limit 10
    """
    if watch and (form or not sys.stdout.isatty()):
        raise click.UsageError("--watch needs a terminal: in a pipe, call `keras-prov runs` again.")
    chosen = listed_columns(columns) if columns else None
    most = LISTED if limit is None and sys.stdout.isatty() and not form else limit
    asked = Asked(dataflow, status, where, sort, most)
    if sites:
        if watch:
            raise click.UsageError("--watch is for one database: leave --site and --all-sites out.")
        list_runs(sites, asked, chosen, form, store)
        return
    with friendly_errors(), reading(store) as connection:
        if dataflow is not None:
            check_dataflow(Catalogue(connection), dataflow)
        found, total = _found(connection, asked, whole=bool(form or chosen))
        meant = known_columns(connection, chosen, found, dataflow) if chosen else {}
        if watch:
            _watch(connection, asked, chosen, meant)
            return
        jobs = _jobs(connection, meant, found)
        rows = run_rows(found, run_columns(found, chosen, form), meant, jobs)
        nothing = "" if found else _nothing(connection, asked)
    if form == "json" and not chosen:
        click.echo(json_text([run_object(summary) for summary in found]))
    elif form:
        print_rows(run_columns(found, chosen, form), rows, form)
    elif not found:
        say(nothing, err=True)
    else:
        spare = () if chosen else SPARE
        print_table(run_columns(found, chosen, form), rows, see_all=SEE_ALL, spare=spare)
        if limit is None and len(found) < total:
            click.echo(f"{total - len(found)} more; --limit {total} lists them.", err=True)


def _nothing(connection: Connection, asked: Asked) -> str:
    """Why no execution is listed."""
    with connection.transaction():
        _, total = newest_ids(connection, asked.dataflow, 1)
    if total:
        return "No such executions."
    of = "" if asked.dataflow is None else f" of the dataflow {asked.dataflow}"
    return f"No executions{of} yet."


def _found(
    connection: Connection, asked: Asked, *, whole: bool = False
) -> tuple[list[RunSummary], int]:
    """The runs to list, and how many there are that fulfil the conditions.

    Args:
        connection: to the database.
        asked: the conditions, the order and the limit.
        whole: also read hyperparameters, tags, notes and what tests have measured.
    """
    with connection.transaction():
        if asked.is_by_age:
            ids, total = newest_ids(connection, asked.dataflow, asked.limit)
        else:
            every = _ids(connection, asked)
            ids, total = every[: asked.limit], len(every)
        if whole:
            from ...analysis.finding import summaries_with_ids

            return list(summaries_with_ids(connection, ids)), total
        found = {each.id: each for each in executions(connection, ids=ids)}
        return [_plain(found[id_]) for id_ in ids if id_ in found], total


def _ids(connection: Connection, asked: Asked) -> list[int]:
    from ...analysis.finding import ids_with  # only conditions need it

    return ids_with(
        connection,
        also=asked.where,
        order_by=asked.order or (),
        dataflow=asked.dataflow,
        status=asked.status,
    )


def _jobs(
    connection: Connection, meant: Mapping[str, str], found: Sequence[RunSummary]
) -> dict[int, dict[str, str]]:
    """The facts of jobs that are asked for as columns, by the ids of the runs."""
    names = job_names(list(meant.values()))
    if not names:
        return {}
    from ...analysis.conditions.job_source import job_facts  # only these columns need it

    with connection.transaction():
        return job_facts(connection, names, [each.id for each in found])


def _plain(found: ExecutionSummary) -> RunSummary:
    """What the table without further columns shows of an execution."""
    return RunSummary(
        found.id,
        found.tag,
        found.dataflow,
        found.status,
        aware_utc(found.began),
        aware_utc(found.ended),
        found.epochs,
        metrics=found.metrics,
    )


def _watch(
    connection: Connection, asked: Asked, chosen: list[str] | None, meant: Mapping[str, str]
) -> None:
    """Show the table, and again whenever it may have changed, until the user interrupts."""
    from rich.console import Console
    from rich.live import Live

    pause = threading.Event()
    with Live(console=Console(highlight=False), auto_refresh=False) as live:
        try:
            while True:
                found, _ = _found(connection, asked, whole=bool(chosen))
                names = run_columns(found, chosen, None)
                size = shutil.get_terminal_size()
                spare = () if chosen else SPARE
                rows = run_rows(found, names, meant, _jobs(connection, meant, found))
                table, _ = as_table(names, rows, size.columns, spare)
                live.update(table, refresh=True)
                pause.wait(WATCH_SECONDS)
        except KeyboardInterrupt:
            return
