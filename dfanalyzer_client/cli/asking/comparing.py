"""`keras-prov compare` and `keras-prov diff`: executions side by side, what differs first."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from ...support.terminal import terminal_line
from ..common import duration, form_options, friendly_errors, print_rows, reading, say, store_option
from ..completions import execution_tags
from ..forms import json_text
from ..strict_command import StrictCommand
from ..tables import AS_CSV, BORDERS, print_table
from .site_options import Sites, site_options
from .site_runs import read_sites, runs_named

if TYPE_CHECKING:
    from ...analysis.comparison import Comparison

__all__ = ["compare", "diff"]

DIFFER = 1
DIFF_KEYS = ("part", "name", "before", "after")
ONLY_IN_FORMS = ("began", "ended")
"""What a table for people leaves out, for it makes every column wide."""

LONGEST = 24
"""So many characters of a value are shown on a terminal."""

CUT = "…"


@click.command(cls=StrictCommand)
@click.argument(
    "executions",
    metavar="EXECUTION...",
    nargs=-1,
    required=True,
    shell_complete=execution_tags,
)
@site_options
@form_options
@store_option
def compare(
    executions: tuple[str, ...], *, sites: Sites, form: str | None, store: str | None
) -> None:
    """Print EXECUTIONs side by side: hyperparameters and last metrics, what differs first.

    An EXECUTION is an id, a tag, the beginning of a tag, or `last`. On a terminal, numbers have six
    digits and long values are cut; --csv and --json print them whole. With --site or --all-sites,
    SITE/ID and SITE/TAG name those of a site.

    Example: keras-prov compare 1 2 last
    """
    if sites:
        _compare_sites(executions, sites, form, store)
        return
    with friendly_errors(), reading(store) as connection:
        from ...analysis.comparing import compare_with

        compared = compare_with(connection, executions)
    if form:
        whole = compared.transposed(same=True)
        print_rows(whole.columns, [list(map(_naive, row)) for row in whole], form)
    else:
        _print_compared(compared)


def _compare_sites(
    executions: tuple[str, ...], sites: Sites, form: str | None, store: str | None
) -> None:
    """Print executions of several sites side by side, the site above them."""
    with friendly_errors(), reading(store) as connection:
        from ...analysis.comparison import Comparison

        found = runs_named(read_sites(connection, sites), executions)
    compared = Comparison([each.run for each in found])
    rows = [["site", *(each.site for each in found)]]
    if form:
        whole = compared.transposed(same=True)
        print_rows(whole.columns, [*rows, *(list(map(_naive, row)) for row in whole)], form)
        return
    for each in found:
        say(f"Execution {each.site}/{each.run.id}: {each.run.execution}")
    titles = [f"{each.site}/{each.run.id}" for each in found]
    print_table(["name", *titles], [*rows, *_rows(compared)], see_all=AS_CSV)


@click.command(cls=StrictCommand)
@click.argument("before", shell_complete=execution_tags)
@click.argument("after", shell_complete=execution_tags)
@click.option("--exit-code", is_flag=True, help=f"Exit with {DIFFER} if anything differs.")
@form_options
@store_option
def diff(before: str, after: str, *, exit_code: bool, form: str | None, store: str | None) -> None:
    """Print what differs between two executions: hyperparameters, layers, data, packages, metrics.

    BEFORE and AFTER are an id, a tag, the beginning of a tag, or `last`. Ids, times and durations
    are no differences. Layers are paired by class and order, whatever Keras has called them.

    Example: keras-prov diff 1 last
    """
    with friendly_errors(), reading(store) as connection:
        from ...analysis.comparing import diff_with

        found = diff_with(connection, before, after)
    if form == "json":
        click.echo(json_text([dict(zip(DIFF_KEYS, row, strict=True)) for row in found]))
    elif form:
        print_rows(["part", "name", found.a.execution, found.b.execution], found.rows, form)
    elif len(found):
        _say_executions([found.a, found.b])
        print_table(["part", "name", str(found.a.id), str(found.b.id)], found.rows, see_all=AS_CSV)
    else:
        click.echo("Nothing differs.", err=True)
    if exit_code and len(found):
        raise SystemExit(DIFFER)


def _print_compared(compared: Comparison) -> None:
    """One table in a pipe; on a terminal, as many below each other as its width takes."""
    _say_executions(compared.runs.summaries)
    names, *columns = zip(*_rows(compared), strict=True)
    titles = [str(each.id) for each in compared.runs]
    if not sys.stdout.isatty():
        print_table(["name", *titles], list(zip(names, *columns, strict=True)))
        return
    limit = shutil.get_terminal_size().columns
    names = tuple(_cut(name, limit // 2) for name in names)
    shown = [[_shown(value) for value in column] for column in columns]
    for places in _blocks(names, titles, shown, limit):
        rows = list(zip(names, *(shown[place] for place in places), strict=True))
        print_table(["name", *(titles[place] for place in places)], rows, see_all=AS_CSV)
    if any(str(value).endswith(CUT) for column in (names, *shown) for value in column):
        click.echo("Long values are cut: --csv prints them whole.", err=True)


def _say_executions(found: Sequence[Any]) -> None:
    """Whose ids are above the columns; the tags would make them wide."""
    for each in found:
        say(f"Execution {each.id}: {each.execution}")


def _rows(compared: Comparison) -> list[list[Any]]:
    rows = [list(row) for row in compared.transposed(same=True) if row[0] not in ONLY_IN_FORMS]
    for row in rows:
        if row[0] == "seconds":
            row[:] = ["duration", *map(duration, row[1:])]
    return rows


def _blocks(
    names: Sequence[str],
    titles: Sequence[str],
    columns: Sequence[Sequence[Any]],
    limit: int,
) -> Iterator[list[int]]:
    """The places of the columns that fit beside their names into `limit`, block after block."""
    room = limit - 1 - max(map(len, names)) - BORDERS
    left, block = room, list[int]()
    for place, column in enumerate(columns):
        width = max(len(terminal_line(each)) for each in (titles[place], *column)) + BORDERS
        if block and width > left:
            yield block
            left, block = room, []
        block.append(place)
        left -= width
    yield block


def _shown(value: Any) -> Any:
    """A value as a terminal shows it: short."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return _cut(value, LONGEST) if isinstance(value, str) else value


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}{CUT}"


def _naive(value: Any) -> Any:
    """Times in UTC without saying so, as `runs` prints them."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
