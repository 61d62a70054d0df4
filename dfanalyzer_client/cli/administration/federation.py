"""`keras-prov federation`: other databases that are queried from here."""

from __future__ import annotations

import dataclasses
from typing import TextIO

import click

from ...config.store_url import StoreURL
from ...errors import FederationError
from ..common import friendly_errors, reading, say, store_option
from ..passwords import asked_password
from ..strict_command import StrictGroup
from ..tables import print_table
from .writing import writing

__all__ = ["federation"]


@click.group(cls=StrictGroup)
def federation() -> None:
    """Query several databases as one: add other sites to a central database."""


@federation.command()
@click.argument("name")
@click.argument("url")
@click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="A file with the password of URL's account in its first line; - for standard input. "
    "Default: you are asked.",
)
@store_option
def add(name: str, url: str, password_file: TextIO | None, store: str | None) -> None:
    """Add the database at URL, as the central server reaches it, under NAME.

    Example: keras-prov federation add lab monetdb://monetdb@lab.example.org:50000/provenance
    """
    from ...federation.sites import add_site  # imports the driver

    with friendly_errors():
        site = _with_password(StoreURL.parse(url), password_file)
        with writing(store) as (connection, readers):
            count = add_site(connection, name, site, readers)
        say(f"The site {name} was added: it has {count} executions.")


@federation.command(name="list")
@store_option
def list_sites(store: str | None) -> None:
    """List the sites, and whether they answer.

    Example: keras-prov federation list
    """
    from ...federation.sites import sites, state_of

    with friendly_errors(), reading(store, complete=False) as connection:
        found = sites(connection)
        connection.rollback()
        rows = [(*site, state_of(connection, site.name)) for site in found]
    if rows:
        print_table(["site", "address", "added", "state"], rows)
    else:
        click.echo("No sites yet: `keras-prov federation add` adds one.", err=True)


@federation.command()
@click.argument("name")
@store_option
def remove(name: str, store: str | None) -> None:
    """Remove a site from the central database; nothing changes at the site.

    Example: keras-prov federation remove lab
    """
    from ...federation.sites import remove_site

    with friendly_errors():
        with writing(store) as (connection, readers):
            remove_site(connection, name, readers)
        say(f"The site {name} was removed.")


def _with_password(url: StoreURL, file: TextIO | None) -> StoreURL:
    if file is not None:
        password = file.readline().rstrip("\n")
        if not password:
            raise FederationError("--password-file expects a password in its first line.")
    elif url.password is not None:
        return url
    else:
        password = asked_password(
            f"{url.user} at {url.host}", "name a file that has it with --password-file"
        )
    return dataclasses.replace(url, password=password)
