"""`keras-prov follow`: the epochs of an execution while it trains, as `tail -f` shows a file."""

from __future__ import annotations

import sys

import click

from ...analysis.epoch import Epoch
from ...analysis.following import follow_with
from ...config import settings
from ...delivery.leftovers import drain_leftovers
from ...executions.summaries import executions, find_execution
from ..common import duration, friendly_errors, reading, say, store_option
from ..completions import execution_tags
from ..forms import short_number
from ..strict_command import StrictCommand

__all__ = ["follow"]

SUCCESS = "FINISHED"
AGAIN = "if another fit() begins, follow it again."


@click.command(cls=StrictCommand)
@click.argument("execution", default="last", shell_complete=execution_tags)
@store_option
def follow(execution: str, store: str | None) -> None:
    """Print each epoch of EXECUTION, and each new one until the training ends.

    A line says where another fit() of the execution begins, as `training 2`.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`, the default. The exit code is 1 if
    the training failed or was killed. It does not wait for a fit() that has not begun yet: where
    no training runs, it ends and says so.

    Example: keras-prov follow last
    """
    with friendly_errors(), reading(store) as connection:
        with connection.transaction():
            summary = find_execution(connection, execution)
        say(f"Execution {summary.id}: {summary.tag}", err=True)
        url = None if settings.store_url(store) is None else connection.url
        training = 1
        try:
            for epoch in follow_with(
                connection,
                summary.id,
                store_leftovers=lambda: drain_leftovers(url, settings.home()),
            ):
                if epoch.training != training:
                    training = epoch.training
                    click.echo(f"training {training}")
                say(_line(epoch))
                sys.stdout.flush()
        except KeyboardInterrupt:
            return
        with connection.transaction():
            (ended,) = executions(connection, ids=[summary.id])
    facts = (ended.status, f"{ended.epochs} epochs", duration(ended.seconds))
    closing = ", ".join(filter(None, facts))
    if ended.status != SUCCESS:
        raise click.ClickException(closing)
    click.echo(f"{closing}. No training runs now: {AGAIN}", err=True)


def _line(epoch: Epoch) -> str:
    values = ", ".join(f"{name} {short_number(value)}" for name, value in epoch.metrics.items())
    return f"epoch {epoch.epoch}: {values}"
