"""`keras-prov db`: create the database, check it, upgrade it, rebuild the private one."""

from __future__ import annotations

import click

from ..config import settings
from ..private_server import READER, PrivateServer
from ..store import Connection, create_catalogue, differences
from .common import chosen_store, friendly_errors, reading, say, store_option
from .journals import sync_all

__all__ = ["db"]


@click.group()
def db() -> None:
    """Make the database, check it, bring it forward, or make the private one anew."""


@db.command()
@store_option
def init(store: str | None) -> None:
    """Make the catalogue where it is missing; capture does so by itself at its first use.

    Example: keras-prov db init --store monetdb://monetdb@db.example.org:50000/provenance
    """
    with friendly_errors():
        connection, readers = _writing(store)
        made = create_catalogue(connection, readers)
        connection.close()
        state = "was made" if made else "is there already"
        click.echo(f"The catalogue {state} in {connection.url.without_password()}.")


@db.command()
@store_option
def check(store: str | None) -> None:
    """Say what differs from the catalogue that this version makes; exit code 1 where it does.

    Nothing is changed.

    Example: keras-prov db check --store monetdb://monetdb@db.example.org:50000/dataflow_analyzer
    """
    with friendly_errors(), reading(store, complete=False) as connection:
        found = differences(connection)
        for line in found:
            say(line)
        if found:
            raise SystemExit(1)
        click.echo(f"The catalogue in {connection.url.without_password()} is as it should be.")


@db.command()
@store_option
def upgrade(store: str | None) -> None:
    """Bring forward a catalogue of an earlier version, or one that DfAnalyzer made.

    Each step is one transaction, which writes its record, too. Capture does so by itself.

    Example: keras-prov db upgrade --store monetdb://monetdb@db.example.org:50000/dataflow_analyzer
    """
    steps: list[str] = []

    def report(step: str) -> None:
        steps.append(step)
        say(f"Done: {step}")

    with friendly_errors():
        connection, readers = _writing(store)
        if create_catalogue(connection, readers, report):
            steps.append("made")
            click.echo("There was no catalogue; one was made.")
        connection.close()
    if not steps:
        click.echo("Nothing was to be done.")


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
        sync_all(settings.store_url(), "{} messages are stored anew.", again=True)


def _writing(store: str | None) -> tuple[Connection, tuple[str, ...]]:
    """A connection of a user who may write, and the users who may read what it makes."""
    url = chosen_store(store)
    readers = () if url is not None else (READER,)
    return Connection(url or PrivateServer(settings.home()).ensure()), readers
