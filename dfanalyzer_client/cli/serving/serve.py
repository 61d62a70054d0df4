"""`keras-prov serve`: DfAnalyzer's HTTP service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from ...config import settings
from ...errors import DfAnalyzerError
from ...support.distribution import install_command
from ..common import chosen_store, friendly_errors, store_option
from ..strict_command import StrictCommand
from .token_file import read_token

if TYPE_CHECKING:
    from ...raw_data import Access

__all__ = ["serve"]

PORT = 22000
"""The port of DfAnalyzer's own server."""


@click.command(cls=StrictCommand)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the bearer token that every request must carry. Default: KERAS_PROV_TOKEN. "
    "Without a token, the service listens on loopback only.",
)
@click.option(
    "--time-zone",
    metavar="NAME",
    help="Time zone of times that clients send without one, such as America/Sao_Paulo. Default: "
    "this machine's.",
)
@click.option(
    "--raw-data",
    "folders",
    multiple=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder below which files of raw data are read that tasks name. Can be repeated. Default: "
    "none are read.",
)
@click.option(
    "--raw-data-program",
    "programs",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Program that may be run to read them. Can be repeated. Default: none is run.",
)
@store_option
def serve(
    host: str,
    port: int,
    token_file: Path | None,
    time_zone: str | None,
    folders: tuple[Path, ...],
    programs: tuple[Path, ...],
    store: str | None,
) -> None:
    """Receive messages of DfAnalyzer's clients over HTTP, and answer queries, until interrupted.

    The page /docs describes the requests.

    Example: keras-prov serve --port 22000
    """
    with friendly_errors():
        settings.check()
        token = read_token(token_file)
        zone = None if time_zone is None else _zone(time_zone)
        access = _access(folders, programs)
        url = chosen_store(store)
        try:
            from ...service import serve as run
        except ImportError as error:
            raise DfAnalyzerError(
                f"keras-prov serve needs FastAPI and uvicorn ({error}): "
                f"{install_command('service')}"
            ) from None
        run(url, settings.home(), host, port, token, _report, zone, access)


def _report(address: str) -> None:
    click.echo(
        f"Serving on {address}; {address}/docs describes the requests. Ctrl-C stops it.", err=True
    )


def _access(folders: Sequence[Path], programs: Sequence[Path]) -> Access | None:
    from ...raw_data import ServedFiles  # not above: the command starts quickly

    if programs and not folders:
        raise DfAnalyzerError("--raw-data-program needs a folder to read from: give --raw-data.")
    return ServedFiles(folders, programs) if folders else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise DfAnalyzerError(
            f"--time-zone must be a name in the time zone database, such as America/Sao_Paulo or "
            f"UTC. Received: {name!r}."
        ) from None
