"""`keras-prov steer`: ask something of a training that runs."""

from __future__ import annotations

from typing import Any

import click

from ...config import settings
from ...declarations.steering import SteeringState
from ...delivery.clients import client_for
from ...executions.steering import SteeringRow, steering_of
from ...executions.summaries import find_execution
from ...steering import answers, asked_for, outcome_in_words, send, value_of_text
from ..common import (
    chosen_store,
    form_options,
    friendly_errors,
    print_rows,
    reading,
    say,
    store_option,
)
from ..completions import execution_tags
from ..strict_command import StrictCommand
from ..tables import print_table
from .steering import COLUMNS, say_if_unreadable, steering_rows

__all__ = ["steer"]

WAIT_SECONDS = 10.0
INTERRUPTED = 130
"""The exit status of a program that was interrupted, as a shell has it."""


@click.command(cls=StrictCommand)
@click.argument("execution", metavar="RUN", shell_complete=execution_tags)
@click.option("--set", "settings_", metavar="NAME=VALUE", multiple=True, help="A value to set.")
@click.option("--stop", is_flag=True, help="Stop after this epoch.")
@click.option("--stop-now", is_flag=True, help="Stop after this batch.")
@click.option("--pause", is_flag=True, help="Pause after this batch.")
@click.option("--resume", is_flag=True, help="Go on after a pause.")
@click.option(
    "--checkpoint",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Save the model; without FILE, beside where the training runs.",
)
@click.option(
    "--at-epoch", metavar="N", type=click.IntRange(min=0), help="From epoch N on, from 0."
)
@click.option("--when", metavar="CONDITION", help="Once the training's epochs fulfil this.")
@click.option("--reason", metavar="TEXT", help="Why.")
@click.option("--person", metavar="NAME", help="Who asks; default: the author, or the account.")
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help=f"How long to wait for the outcome; default: {WAIT_SECONDS:g}, and 0 with --at-epoch or "
    "--when.",
)
@click.option("--list", "is_list", is_flag=True, help="List what was asked, and what came of it.")
@form_options
@store_option
def steer(
    execution: str, *, is_list: bool, form: str | None, store: str | None, **given: Any
) -> None:
    """Ask something of RUN, a training that runs and lets itself be steered.

    RUN is an id, a tag, the beginning of a tag, or `last`. Conditions have the metrics of an epoch,
    epoch, seconds and learning_rate, and min(…), max(…) and avg(…) over the epochs so far.

    Example: keras-prov steer last --set learning_rate=1e-4 --reason 'val_loss rises'
    """
    if is_list:
        if any(value not in (None, False, ()) for value in given.values()):
            raise click.UsageError("--list asks for nothing: leave the other options out.")
        _list(execution, store, form)
        return
    wait = given.pop("wait")
    later = given["at_epoch"] is not None or given["when"] is not None
    if wait is None:
        wait = 0.0 if later else WAIT_SECONDS
    values = dict(_pair(text) for text in given.pop("settings_"))
    file = given.pop("checkpoint")
    with friendly_errors():
        asked = asked_for(
            set=values, checkpoint=(file or True) if file is not None else False, **given
        )
        client = client_for(chosen_store(store), settings.home())
        sent = send(client, execution, asked)
        try:
            rows = answers(client, sent, wait)
        except KeyboardInterrupt:
            say("The request stays: `--list` shows what comes of it.", err=True)
            raise SystemExit(INTERRUPTED) from None
    if form:
        _print(rows, form)
    _tell(rows, is_quiet=form is not None)


def _tell(rows: list[SteeringRow], *, is_quiet: bool) -> None:
    """Say what came of requests; exits with 1 if one was refused."""
    for row in rows:
        if row.state == SteeringState.REFUSED:
            say(f"Error: {outcome_in_words(row)}", err=True)
        elif not is_quiet:
            say(outcome_in_words(row))
    if any(row.state == SteeringState.REFUSED for row in rows):
        raise SystemExit(1)


def _list(execution: str, store: str | None, form: str | None) -> None:
    with friendly_errors(), reading(store) as connection:
        summary = find_execution(connection, execution)
        rows = steering_of(connection, summary.id, is_over=summary.ended is not None)
        if not rows and say_if_unreadable(connection):
            raise SystemExit(1)
    if form:
        _print(rows, form)
    elif rows:
        print_table(COLUMNS, steering_rows(rows))
    else:
        click.echo("Nothing was asked.", err=True)


def _print(rows: list[SteeringRow], form: str) -> None:
    print_rows(list(SteeringRow._fields), [tuple(row) for row in rows], form)


def _pair(text: str) -> tuple[str, Any]:
    """NAME=VALUE with the value as JSON, or as a number, or else as the text it is."""
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--set expects NAME=VALUE. Received: {text!r}.")
    return name, value_of_text(value)
