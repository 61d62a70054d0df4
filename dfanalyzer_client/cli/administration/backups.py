"""`keras-prov db backup` and `keras-prov db restore`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ...config import settings
from ...errors import BackupError
from ...private_server import PrivateServer
from ...store import create_catalogue
from ...store.upgrade.progress import Progress
from ..common import chosen_store, friendly_errors, reading, say, store_option
from ..strict_command import StrictCommand
from .writing import writing

__all__ = ["backup", "restore"]


@click.command(cls=StrictCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@store_option
def backup(file: Path, store: str | None) -> None:
    """Write the catalogue and all sets into FILE, as they are now; captures go on meanwhile.

    Messages that ended processes of this machine left behind are stored first. An account that may
    read everything is enough.

    Example: keras-prov db backup provenance.backup
    """
    from ...store.backup.save import save  # imports the driver

    with friendly_errors(), reading(store) as connection:
        rows = save(connection, file, Progress(partial(say, err=True)))
        say(f"{rows} rows of {connection.url.without_password()} are in {file}.")


@click.command(cls=StrictCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--set-aside",
    is_flag=True,
    help="Set the private database aside first; it is not deleted.",
)
@store_option
def restore(file: Path, store: str | None, *, set_aside: bool) -> None:
    """Fill a database that has no dataflows from a backup, with the same ids.

    A backup of an earlier version is upgraded. Nothing should capture into the database meanwhile.
    What was captured after the backup comes from the journals: `keras-prov sync --again` on the
    machines that captured it.

    Example: keras-prov db restore provenance.backup --set-aside
    """
    from ...store.backup.backup_file import BackupReader
    from ...store.backup.load import load  # imports the driver

    with friendly_errors():
        if set_aside:
            if chosen_store(store) is not None:
                raise BackupError(
                    "--set-aside is for the private database. Received: the URL of a server. "
                    "Create another database on that server, and restore into it."
                )
            BackupReader(file)  # nothing is set aside for a file that is no backup
            aside = PrivateServer(settings.home()).set_database_aside()
            if aside is not None:
                click.echo(f"The old database is in {aside}.")
        with writing(store) as (connection, readers):
            rows = load(connection, file, readers, Progress(partial(say, err=True)))
            create_catalogue(connection, readers, say)
            say(f"{rows} rows of {file} are in {connection.url.without_password()}.")
