"""`keras-prov db`: create the database, check it, upgrade it, back it up, rebuild it."""

from __future__ import annotations

from functools import partial
from typing import TextIO

import click

from ...config import settings
from ...private_server import PrivateServer
from ...store import (
    create_catalogue,
    create_missing_catalogue,
    differences,
    reasons_to_upgrade,
)
from ...store.upgrade.progress import Progress
from ..common import friendly_errors, reading, say, store_option
from ..journals import sync_all
from ..strict_command import StrictGroup
from .accounts import account_options, add_accounts, named_accounts
from .backups import backup, restore
from .writing import writing

__all__ = ["db"]


@click.group(cls=StrictGroup)
def db() -> None:
    """Create the database, check it, upgrade it, back it up, or rebuild the private one."""


@db.command()
@store_option
@account_options
def init(
    store: str | None,
    readers: tuple[str, ...],
    writers: tuple[str, ...],
    passwords: TextIO | None,
) -> None:
    """Create the catalogue if it is missing; capture does so by itself on first use.

    An older catalogue, or DfAnalyzer's, is left as it is. --reader and --writer create accounts,
    whose passwords you are asked for, and give them the rights that they lack.

    Example: keras-prov db init --store monetdb://monetdb@db.example.org/provenance --reader ann
    """
    with friendly_errors():
        accounts = named_accounts(readers, writers)
        with writing(store) as (connection, ours):
            created = create_missing_catalogue(connection, ours)
            reasons = reasons_to_upgrade(connection)
            where = f"in {connection.url.without_password()}"
            click.echo(f"The catalogue {'was created' if created else 'is there already'} {where}.")
            for reason in reasons:
                say(reason)
            add_accounts(connection, accounts, passwords)


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

    Each step is one transaction, which also records the step. If one takes long, how far it is is
    said on stderr. Capture upgrades by itself.

    Example: keras-prov db upgrade --store monetdb://monetdb@db.example.org:50000/dataflow_analyzer
    """
    steps: list[str] = []

    def report(step: str) -> None:
        steps.append(step)
        say(f"Done: {step}")

    progress = Progress(partial(say, err=True))
    with friendly_errors(), writing(store) as (connection, readers):
        created = create_catalogue(connection, readers, report, progress)
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


db.add_command(backup)
db.add_command(restore)
