"""`keras-prov serve`: DfAnalyzer's HTTP service."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from ..config import settings
from ..errors import DfAnalyzerError
from ..support.distribution import install_command
from .common import chosen_store, friendly_errors, store_option

if TYPE_CHECKING:
    from ..raw_data import Access

__all__ = ["serve"]

PORT = 22000
"""The port of DfAnalyzer's own server."""

MAX_TOKEN = 8192


@click.command()
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
        token = _token(token_file)
        zone = None if time_zone is None else _zone(time_zone)
        access = _access(folders, programs)
        url = chosen_store(store)
        try:
            from ..service import serve as run
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
    from ..raw_data import ServedFiles  # not above: the command starts quickly

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


def _token(file: Path | None) -> str | None:
    if file is None:
        return settings.token()
    try:
        with file.open("rb") as opened:
            _check_private(file, os.fstat(opened.fileno()))
            text = opened.read(MAX_TOKEN).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DfAnalyzerError(f"The token file {file} cannot be read: {error}.") from None
    return settings.checked_token(text, str(file))


def _check_private(file: Path, found: os.stat_result) -> None:
    """Refuse a token file that others can read or change, as ssh does with keys."""
    if os.name != "posix":
        return
    mode, mine = stat.S_IMODE(found.st_mode), found.st_uid in (os.geteuid(), 0)
    # our group may read a file of root: systemd and Kubernetes mount secrets so
    others = 0o077 if found.st_uid == os.geteuid() else 0o027
    if mine and not mode & others:
        return
    raise DfAnalyzerError(
        f"The token file {file} has the mode {mode:04o} and belongs to user {found.st_uid}: others "
        "can read or change it, so its token is no secret. Create a new token, and protect its "
        f"file: chmod 600 {shlex.quote(str(file))}"
    )
