"""`keras-prov curve`: metrics by epoch, drawn in the terminal."""

from __future__ import annotations

import difflib
import math
import shutil
import sys
from collections.abc import Mapping, Sequence

import click

from ...errors import UnknownTagError
from ...executions.measured import Curve, adapted_epochs, curve_of
from ...executions.summaries import find_execution
from ...support.terminal import terminal_line
from ..common import form_options, friendly_errors, print_rows, reading, say, store_option
from ..completions import execution_tags, metrics_of_execution

__all__ = ["curve"]

HEIGHT = 20
WIDTH = 80
"""Of a drawing that goes to a pipe."""


@click.command()
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

    EXECUTION is an id, a tag, the beginning of a tag, or `last`. With --csv or --json, the values
    are printed.

    Example: keras-prov curve last loss val_loss
    """
    with friendly_errors(), reading(store) as connection, connection.transaction():
        summary = find_execution(connection, execution)
        curves = {name: curve_of(connection, summary.id, name) for name in metrics}
        for name, found in curves.items():
            if not found:
                raise _unknown(name, list(summary.metrics), summary.tag)
        adapted = adapted_epochs(connection, summary.id)
    if form:
        epochs = sorted({epoch for found in curves.values() for epoch in found})
        rows = [[epoch, *(found.get(epoch) for found in curves.values())] for epoch in epochs]
        print_rows(["epoch", *curves], rows, form)
    else:
        say(f"Execution {summary.id}: {summary.tag}")
        click.echo(_drawn(curves, adapted))


def _unknown(name: str, known: Sequence[str], tag: str) -> UnknownTagError:
    if not known:
        return UnknownTagError(f"Execution {tag} has no epochs yet.")
    names = ", ".join(repr(each) for each in difflib.get_close_matches(name, known) or known)
    return UnknownTagError(f"Execution {tag} has no metric {name!r}. Expected one of {names}.")


def _drawn(curves: Mapping[str, Curve], adapted: Sequence[float]) -> str:
    """The curves as text: in colour on a terminal, plain elsewhere."""
    import plotext

    plotext.clear_figure()
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    plotext.plot_size(width, HEIGHT)
    plotext.theme("clear")
    for name, found in curves.items():
        points = {epoch: value for epoch, value in found.items() if math.isfinite(value)}
        label = terminal_line(name)
        if len(points) < len(found):
            label += f" ({len(found) - len(points)} not finite)"
        plotext.plot(list(points), list(points.values()), label=label, marker="braille")
    for epoch in adapted:
        plotext.vline(epoch)
    plotext.xlabel("epoch (a vertical line is an adaptation)" if adapted else "epoch")
    drawn = plotext.build()
    return str(drawn if sys.stdout.isatty() else plotext.uncolorize(drawn))
