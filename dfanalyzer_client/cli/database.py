"""`keras-prov db`, `sync` and `journal`: the catalogue, and what is on its way to it."""

from __future__ import annotations

from pathlib import Path

import click

from .. import settings
from ..errors import DfAnalyzerError
from ..private_server import READER, PrivateServer
from ..store import Connection, create_catalogue
from ..sync import journal_states
from ..sync import sync as sync_journals
from ..url import StoreURL
from .common import chosen_store, friendly_errors, print_table, store_option

__all__ = ["db", "journal", "sync"]


@click.group()
def db() -> None:
    """Make the database, or make the private one anew."""


@db.command()
@store_option
def init(store: str | None) -> None:
    """Make the catalogue where it is missing; capture does so by itself at its first use.

    Example: keras-prov db init --store monetdb://monetdb@db.example.org:50000/provenance
    """
    with friendly_errors():
        url = chosen_store(store)
        readers = () if url is not None else (READER,)
        connection = Connection(url or PrivateServer(settings.home()).ensure())
        made = create_catalogue(connection, readers)
        connection.close()
        state = "was made" if made else "is there already"
        click.echo(f"The catalogue {state} in {connection.url.without_password()}.")


@db.command()
@click.confirmation_option(prompt="Set the private database aside and make it anew?")
def rebuild() -> None:
    """Make the private database anew from the journals; the old one is set aside, not deleted.

    Example: keras-prov db rebuild
    """
    with friendly_errors():
        aside = PrivateServer(settings.home()).set_database_aside()
        if aside is not None:
            click.echo(f"The old database is in {aside}.")
        _sync(settings.store_url(), "{} messages are stored anew.")


@click.command()
@store_option
def sync(store: str | None) -> None:
    """Store what earlier processes left in their journals.

    Example: keras-prov sync
    """
    with friendly_errors():
        _sync(chosen_store(store), "{} messages stored.")


@click.command()
@store_option
def journal(store: str | None) -> None:
    """List the journals: messages, how many are stored, how many were set aside.

    Example: keras-prov journal
    """
    with friendly_errors():
        states = list(journal_states(settings.home(), chosen_store(store)))
    if not states:
        click.echo("No journals yet.", err=True)
        return
    rows = [
        [
            each.path.name,
            each.store or "private server",
            "running" if each.running else "ended",
            each.messages,
            "not known: no answer" if each.stored is None else each.stored,
            each.refused,
            each.path.stat().st_size,
        ]
        for each in states
    ]
    print_table(["journal", "store", "process", "messages", "stored", "set aside", "bytes"], rows)


def _sync(store: StoreURL | None, summary: str) -> None:
    """Store what is left; exit code 1 when some of it cannot be."""
    failures: list[DfAnalyzerError] = []

    def report(path: Path, outcome: int | DfAnalyzerError) -> None:
        if isinstance(outcome, DfAnalyzerError):
            failures.append(outcome)
            click.echo(f"{path.name}: {outcome}", err=True)
        else:
            click.echo(f"{path.name}: {outcome} messages stored.")

    count = sync_journals(settings.home(), store, report)
    click.echo(summary.format(count) if count else "Nothing was left to store.")
    if failures:
        raise click.ClickException(f"{len(failures)} journals could not be stored.")
