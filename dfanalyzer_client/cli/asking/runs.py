"""`keras-prov runs`: executions, the newest first."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from ...analysis.run_summary import RunSummary
from ...executions.dataflow_tags import check_dataflow
from ...executions.newest import newest_ids
from ...executions.summaries import ExecutionSummary, executions
from ...store import Connection
from ...store.reading import Catalogue
from ...support.clock import aware_utc, naive_utc
from ...task_status import TaskStatus
from ..common import (
    duration,
    form_options,
    friendly_errors,
    print_rows,
    reading,
    say,
    store_option,
)
from ..completions import dataflow_tags
from ..forms import json_text, short_number
from ..strict_command import StrictCommand
from ..tables import as_table, print_table
from .run_columns import (
    EXTREMES,
    FIELDS,
    GROUPS,
    SHOWN,
    full_name,
    known_columns,
    listed_columns,
    names_of,
)

__all__ = ["runs"]

LISTED = 50
"""So many are listed on a terminal without --limit."""

WATCH_SECONDS = 2.0


@dataclass(frozen=True)
class Asked:
    """Which executions to list, in which order, and how many at most."""

    dataflow: str | None
    status: str | None
    where: tuple[str, ...]
    sort: str | None
    limit: int | None

    @property
    def is_by_age(self) -> bool:
        """Whether they are simply the newest ones, of one dataflow or of all."""
        return not (self.status or self.where or self.sort)


SPARE = ("dataflow", "duration")
"""What a narrow terminal leaves out first: the execution's tag begins with the dataflow's."""

FIRST_METRICS = ("loss", "val_loss")
METRIC_WIDTH = 25
"""A terminal shows as many metrics as it has so many columns, but not fewer than FEWEST_METRICS."""

FEWEST_METRICS = 3

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
    "tags.best.",
)
@click.option("--watch", is_flag=True, help="Show the table anew every 2 seconds, until Ctrl-C.")
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
    with friendly_errors(), reading(store) as connection:
        if dataflow is not None:
            check_dataflow(Catalogue(connection), dataflow)
        found, total = _found(connection, asked, whole=bool(form or chosen))
        meant = known_columns(connection, chosen, found, dataflow) if chosen else {}
        if watch:
            _watch(connection, asked, chosen, meant)
            return
        rows = _rows(found, _columns(found, chosen, form), meant)
        nothing = "" if found else _nothing(connection, asked)
    if form == "json" and not chosen:
        click.echo(json_text([_object(summary) for summary in found]))
    elif form:
        print_rows(_columns(found, chosen, form), rows, form)
    elif not found:
        say(nothing, err=True)
    else:
        spare = () if chosen else SPARE
        print_table(_columns(found, chosen, form), rows, see_all=SEE_ALL, spare=spare)
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
        order_by=_order(asked.sort) if asked.sort else (),
        dataflow=asked.dataflow,
        status=asked.status,
    )


def _order(sort: str) -> str:
    """The order in the words of `analysis.runs`, which has no column `duration`."""
    name, space, direction = sort.strip().partition(" ")
    return f"{'seconds' if name == 'duration' else name}{space}{direction}"


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


def _columns(found: Sequence[RunSummary], chosen: list[str] | None, form: str | None) -> list[str]:
    if chosen:
        return chosen
    if not form:
        return list(SHOWN)
    return [*FIELDS, *(f"{group}.{name}" for group in GROUPS for name in names_of(found, group))]


def _rows(
    found: Sequence[RunSummary], columns: Sequence[str], meant: Mapping[str, str]
) -> list[list[Any]]:
    names = [meant.get(name, full_name(name)) for name in columns]
    return [[_value(each, name) for name in names] for each in found]


def _value(run: RunSummary, name: str) -> Any:
    if name == "last metrics":
        return _last_metrics(run)
    if name == "duration":
        return duration(run.seconds)
    if name in (*FIELDS, "note"):
        value = getattr(run, name)
        return naive_utc(value) if isinstance(value, datetime) else value
    group, dot, rest = name.partition(".")
    if dot and group in (*GROUPS, *EXTREMES):
        return getattr(run, group).get(rest)
    holders = [getattr(run, group) for group in GROUPS if name in getattr(run, group)]
    return holders[0][name] if holders else None


def _last_metrics(run: RunSummary) -> str:
    """The last metrics in short; on a terminal the first ones, the losses before others."""
    known = [(key, value) for key, value in run.metrics.items() if value is not None]
    known.sort(key=lambda each: each[0] not in FIRST_METRICS)
    most = len(known)
    if sys.stdout.isatty():
        most = max(FEWEST_METRICS, shutil.get_terminal_size().columns // METRIC_WIDTH)
    texts = [f"{key} {short_number(value)}" for key, value in known[:most]]
    if len(known) > most:
        texts.append(f"{len(known) - most} more")
    return ", ".join(texts)


def _object(run: RunSummary) -> dict[str, Any]:
    fields: dict[str, Any] = {name: _value(run, name) for name in FIELDS}
    groups = {group: dict(getattr(run, group)) for group in GROUPS}
    return {**fields, "tag": run.execution, **groups, "note": run.note}


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
                names = _columns(found, chosen, None)
                size = shutil.get_terminal_size()
                spare = () if chosen else SPARE
                table, _ = as_table(names, _rows(found, names, meant), size.columns, spare)
                live.update(table, refresh=True)
                pause.wait(WATCH_SECONDS)
        except KeyboardInterrupt:
            return
