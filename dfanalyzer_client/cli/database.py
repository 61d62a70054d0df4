"""`keras-prov db`: create the database, check it, upgrade it, rebuild the private one."""

from __future__ import annotations

from collections.abc import Callable

import click

from ..config import settings
from ..private_server import READER, PrivateServer
from ..store import Connection, create_catalogue, differences
from .common import chosen_store, friendly_errors, reading, say, store_option
from .journals import sync_all

__all__ = ["db"]


@click.group()
def db() -> None:
    """Create the database, check it, upgrade it, or rebuild the private one."""


@db.command()
@store_option
def init(store: str | None) -> None:
    """Create the catalogue if it is missing; capture does so by itself on first use.

    Example: keras-prov db init --store monetdb://monetdb@db.example.org:50000/provenance
    """
    with friendly_errors():
        address, created = _created(store)
        state = "was created" if created else "is there already"
        click.echo(f"The catalogue {state} in {address}.")


@db.command()
@store_option
def check(store: str | None) -> None:
    """List differences from the catalogue that this version creates; exit code 1 if there are any.

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
    """Upgrade a catalogue of an earlier version, or one that DfAnalyzer created.

    Each step is one transaction, which also records the step. Capture upgrades by itself.

    Example: keras-prov db upgrade --store monetdb://monetdb@db.example.org:50000/dataflow_analyzer
    """
    steps: list[str] = []

    def report(step: str) -> None:
        steps.append(step)
        say(f"Done: {step}")

    with friendly_errors():
        _, created = _created(store, report)
    if created:
        click.echo("There was no catalogue, so one was created.")
    elif not steps:
        click.echo("The catalogue is up to date.")


@db.command()
@click.confirmation_option(prompt="Set the private database aside and create a new one?")
def rebuild() -> None:
    """Create the private database again from the journals; the old one is set aside, not deleted.

    Example: keras-prov db rebuild
    """
    with friendly_errors():
        aside = PrivateServer(settings.home()).set_database_aside()
        if aside is not None:
            click.echo(f"The old database is in {aside}.")
        sync_all(settings.store_url(), "{} messages are stored again.", again=True)


def _created(store: str | None, report: Callable[[str], None] | None = None) -> tuple[str, bool]:
    """Create or upgrade the catalogue; returns its store's address, and whether it is new."""
    url = chosen_store(store)
    readers = (READER,) if url is None else ()
    with Connection(url or PrivateServer(settings.home()).ensure()) as connection:
        created = create_catalogue(connection, readers, report)
    return str(connection.url.without_password()), created
