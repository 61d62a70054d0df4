"""`keras-prov runs` and `keras-prov compare` over several sites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from ...errors import UnknownTagError
from ...store import Connection
from ..common import friendly_errors, print_rows, reading, say
from ..forms import json_text
from ..tables import print_table
from .asked import Asked
from .run_columns import job_names, known_columns
from .run_rows import run_columns, run_object, run_rows
from .site_options import Sites

if TYPE_CHECKING:
    from ...federation.reading import SiteRun

__all__ = ["list_runs", "read_sites", "runs_named"]

SITE = "site"
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def list_runs(
    sites: Sites,
    asked: Asked,
    chosen: list[str] | None,
    form: str | None,
    store: str | None,
) -> None:
    """Print runs of sites, those of all of them in one order: by default the newest first."""
    with friendly_errors(), reading(store) as connection:
        most = asked.limit if asked.is_by_age else None
        found = read_sites(connection, sites, dataflow=asked.dataflow, limit=most)
        if asked.is_by_age:
            found.sort(key=lambda each: each.run.began or BEFORE_ALL, reverse=True)
        else:
            from ...federation.selecting import selected  # only conditions need it

            found = selected(found, asked.where, asked.order, asked.status)
        found = found[: asked.limit]
        summaries = [each.run for each in found]
        if job_names(chosen or []):
            raise UnknownTagError("Facts of jobs are not read of other sites: leave them out.")
        columns = run_columns(summaries, chosen, form)
        meant = known_columns(connection, chosen, summaries, None) if chosen else {}
    if form == "json" and not chosen:
        click.echo(json_text([{SITE: each.site, **run_object(each.run)} for each in found]))
        return
    rows = [
        [each.site, *row]
        for each, row in zip(found, run_rows(summaries, columns, meant), strict=True)
    ]
    if form:
        print_rows([SITE, *columns], rows, form)
    elif rows:
        print_table([SITE, *columns], rows, see_all="--csv prints all", spare=("duration",))
    else:
        say("No executions yet." if asked.is_by_age else "No such executions.", err=True)


def read_sites(
    connection: Connection,
    sites: Sites,
    *,
    dataflow: str | None = None,
    limit: int | None = None,
) -> list[SiteRun]:
    """The newest runs of sites; those that cannot be read are named on stderr, and left out."""
    from ...federation.definitions import HERE
    from ...federation.reading import Unread, runs_of_sites
    from ...federation.sites import sites as known_sites

    known = [HERE, *(site.name for site in known_sites(connection))]
    connection.rollback()
    _check(sites.names, known)
    names = known if sites.all else list(dict.fromkeys(sites.names))
    found = []
    for each in runs_of_sites(connection, names, dataflow=dataflow, limit=limit):
        if isinstance(each, Unread):
            say(f"The site {each.site} is left out: {each.problem}.", err=True)
        else:
            found.append(each)
    return found


def runs_named(found: Sequence[SiteRun], names: Iterable[str]) -> list[SiteRun]:
    """The runs with these names, each once: ids, tags and beginnings of tags.

    The site's name and a slash may stand before them.

    Raises:
        UnknownTagError: no run has a name, or several have.
    """
    named = (_named(found, name) for name in names)
    return list({(each.site, each.run.id): each for each in named}.values())


def _named(found: Sequence[SiteRun], name: str) -> SiteRun:
    exact = [each for each in found if name in _names(each)]
    some = exact or [each for each in found if any(n.startswith(name) for n in _names(each)[2:])]
    if len(some) == 1:
        return some[0]
    if not some:
        raise UnknownTagError(
            f"No execution {name!r} on the sites: `keras-prov runs --all-sites` lists them."
        )
    raise UnknownTagError(
        f"{len(some)} executions are meant by {name!r}: put the site before it, as in "
        f"{some[0].site}/{some[0].run.id}."
    )


def _names(each: SiteRun) -> tuple[str, ...]:
    site, run = each
    return str(run.id), f"{site}/{run.id}", run.execution, f"{site}/{run.execution}"


def _check(names: Sequence[str], known: Sequence[Any]) -> None:
    for name in names:
        if name not in known:
            raise UnknownTagError(
                f"There is no site {name!r}. Expected one of: {', '.join(known)}. `keras-prov "
                "federation add` adds one."
            )
