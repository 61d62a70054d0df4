"""`keras-prov follow`: the epochs of an execution while it trains, as `tail -f` shows a file."""

from __future__ import annotations

import itertools
import sys
import threading

import click

from ...config import settings
from ...config.store_url import StoreURL
from ...delivery.leftovers import drain_leftovers
from ...executions.measured import epochs_of
from ...executions.summaries import ExecutionSummary, executions, find_execution
from ...store import Connection
from ...task_status import ENDED
from ..common import duration, friendly_errors, reading, say, store_option
from ..completions import execution_tags

__all__ = ["follow"]

SECONDS = 1.0
LOOKS = 10
"""After so many looks, what killed processes left behind is stored."""
ENDED_NAMES = frozenset(status.value for status in ENDED)
SUCCESS = "FINISHED"


@click.command()
@click.argument("execution", default="last", shell_complete=execution_tags)
@store_option
def follow(execution: str, store: str | None) -> None:
    """Print each epoch of EXECUTION, and each new one until the training ends.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`, the default. The exit code is 1 if
    the training failed or was killed.

    Example: keras-prov follow last
    """
    with friendly_errors(), reading(store) as connection:
        with connection.transaction():
            summary = find_execution(connection, execution)
        say(f"Execution {summary.id}: {summary.tag}", err=True)
        try:
            url = None if settings.store_url(store) is None else connection.url
            ended = _until_it_ends(connection, summary.id, url)
        except KeyboardInterrupt:
            return
    closing = f"{ended.status}, {ended.epochs} epochs, {duration(ended.seconds)}"
    if ended.status != SUCCESS:
        raise click.ClickException(closing)
    click.echo(closing, err=True)


def _until_it_ends(
    connection: Connection, execution: int, url: StoreURL | None
) -> ExecutionSummary:
    """Print epochs until nothing of the execution runs; returns how it ended."""
    pause, shown = threading.Event(), 0
    for look in itertools.count(1):
        if look % LOOKS == 0:  # the training may have been killed
            drain_leftovers(url, settings.home())
        with connection.transaction():  # else every look would be at the same state
            (summary,) = executions(connection, ids=[execution])
            epochs = epochs_of(connection, execution)
        for epoch, metrics in epochs[shown:]:
            values = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
            say(f"epoch {epoch:g}: {values}")
        sys.stdout.flush()
        shown = max(shown, len(epochs))
        if summary.ended is not None and summary.status in ENDED_NAMES:
            break
        pause.wait(SECONDS)
    return summary
