"""`keras-prov relay`: one connection to MonetDB for any number of processes."""

from __future__ import annotations

from pathlib import Path

import click

from ...config import settings
from ...config.store_url import DEFAULT_RELAY_PORT
from ...errors import DfAnalyzerError
from ...support.distribution import install_command
from ..common import chosen_store, friendly_errors, store_option
from ..strict_command import StrictCommand
from .token_file import read_token

__all__ = ["relay"]


@click.command(cls=StrictCommand)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_RELAY_PORT, show_default=True
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the bearer token that every request must carry. Default: KERAS_PROV_TOKEN. "
    "Without a token, the relay listens on loopback only.",
)
@store_option
def relay(host: str, port: int, token_file: Path | None, store: str | None) -> None:
    """Take in what many processes record, and write it to one MonetDB server, until interrupted.

    A process sends there with KERAS_PROV_STORE=relay+http://HOST:PORT, and the relay's token in
    KERAS_PROV_TOKEN.

    Example: keras-prov relay --store monetdb://writer@db.example.org:50000/provenance
    """
    with friendly_errors():
        settings.check()
        token = read_token(token_file)
        url = chosen_store(store)
        try:
            from ...relay import relay as run
        except ImportError as error:
            raise DfAnalyzerError(
                f"keras-prov relay needs FastAPI and uvicorn ({error}): "
                f"{install_command('service')}"
            ) from None
        run(url, settings.home(), host, port, token, _report)


def _report(address: str) -> None:
    click.echo(f"Relaying on {address}. Ctrl-C stops it.", err=True)
