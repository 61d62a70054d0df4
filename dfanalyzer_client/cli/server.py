"""`keras-prov server`: the private server of this user."""

from __future__ import annotations

import click

from ..config import settings
from ..private_server import PrivateServer, ServerStatus
from .common import friendly_errors, say
from .strict_command import StrictGroup

__all__ = ["server"]

LOG_LINES = 40


@click.group(cls=StrictGroup)
def server() -> None:
    """Start, stop and inspect the private MonetDB server."""


@server.command()
@click.option(
    "--idle",
    type=float,
    metavar="MINUTES",
    help="Minutes without a client after which it stops; 0 means never.",
)
def start(idle: float | None) -> None:
    """Start the private server, unless it is running.

    Example: keras-prov server start --idle 0
    """
    with friendly_errors():
        _print(PrivateServer(settings.home(), idle_minutes=idle).start())


@server.command()
@click.option(
    "--timeout",
    type=float,
    default=10.0,
    show_default=True,
    help="Seconds after which it is stopped by force.",
)
def stop(timeout: float) -> None:
    """Stop the private server; the next use starts it again.

    Example: keras-prov server stop
    """
    with friendly_errors():
        stopped = PrivateServer(settings.home()).stop(timeout)
        click.echo("Stopped." if stopped else "It was not running.")


@server.command()
def status() -> None:
    """Print the server's URL, its port and a ready-made mclient line.

    Exit code 3 means that it is not running.

    Example: keras-prov server status
    """
    with friendly_errors():
        now = PrivateServer(settings.home()).status()
        _print(now)
    if not now.running:
        raise SystemExit(3)


@server.command()
@click.option("-n", "--lines", default=LOG_LINES, show_default=True, help="How many lines.")
def log(lines: int) -> None:
    """Print the last lines of the server's log.

    Example: keras-prov server log -n 10
    """
    with friendly_errors():
        path = PrivateServer(settings.home()).status().log
        if not path.exists():
            click.echo(f"There is no log yet: {path}", err=True)
            return
        for line in path.read_text(errors="replace").splitlines()[-lines:]:
            say(line)


def _print(status: ServerStatus) -> None:
    click.echo(f"state     {'running' if status.running else 'stopped'}")
    if status.running:
        click.echo(f"url       {status.url}")
        click.echo(f"port      {status.port}")
        click.echo(f"process   {status.pid}")
        click.echo(f"mclient   {status.mclient}")
    click.echo(f"database  {status.database}")
    click.echo(f"log       {status.log}")
