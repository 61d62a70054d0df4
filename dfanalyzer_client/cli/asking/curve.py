"""`keras-prov curve`: metrics by epoch, drawn in the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ...errors import UnknownTagError
from ..common import form_options, friendly_errors, print_rows, reading, say, store_option
from ..completions import execution_tags, metrics_of_execution
from ..strict_command import StrictCommand
from .curve_drawing import drawn_curves

if TYPE_CHECKING:
    from ...analysis.curve_table import Curves

__all__ = ["curve"]

WIDTH = 80
"""Of a drawing that goes to a pipe."""

NARROWEST = 40
"""A narrower drawing has no room for its legend."""


@click.command(cls=StrictCommand)
@click.argument("execution", shell_complete=execution_tags)
@click.argument(
    "metrics",
    metavar="METRIC...",
    nargs=-1,
    required=True,
    shell_complete=metrics_of_execution,
)
@form_options
@store_option
def curve(execution: str, metrics: tuple[str, ...], form: str | None, store: str | None) -> None:
    """Draw METRICs of EXECUTION by epoch; vertical lines mark adaptations.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`. Each fit() is a line of its own,
    unless it continues the epochs of the one before (initial_epoch). With --csv or --json, the
    values are printed; `training` is the number of the fit().

    Example: keras-prov curve last loss val_loss
    """
    with friendly_errors(), reading(store) as connection:
        from ...analysis.by_epoch import curves_with
        from ...analysis.finding import summary_with

        with connection.transaction():
            summary = summary_with(connection, execution)
        if not summary.epochs:
            raise UnknownTagError(f"Execution {summary.execution} has no epochs yet.")
        curves = curves_with(connection, summary, metrics)
    names = _in_order(curves, metrics)
    if form:
        print_rows(["training", "epoch", *names], _rows(curves, names), form)
        return
    say(f"Execution {summary.id}: {summary.execution}")
    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else WIDTH
    for text in drawn_curves(curves, names, max(width, NARROWEST), coloured=is_terminal):
        click.echo(text)


def _in_order(curves: Curves, asked: Sequence[str]) -> list[str]:
    """The metrics' own names, in the order in which they were asked for."""
    lower = [name.lower() for name in asked]

    def place(metric: str) -> int:
        if metric in asked:
            return asked.index(metric)
        return lower.index(metric.lower()) if metric.lower() in lower else len(asked)

    return sorted(dict.fromkeys(curves.column("metric")), key=place)


def _rows(curves: Curves, names: Sequence[str]) -> list[list[Any]]:
    """A row for each epoch of each training, with the values of the metrics."""
    values: dict[tuple[int, int], dict[str, float | None]] = {}
    for _, _, training, metric, epoch, value in curves:
        values.setdefault((training, epoch), {})[metric] = value
    return [[*at, *map(found.get, names)] for at, found in sorted(values.items())]
