"""`keras-prov serve`: DfAnalyzer's HTTP service."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from ..config import settings
from ..errors import DfAnalyzerError
from ..support.distribution import install_command
from .common import chosen_store, friendly_errors, store_option

__all__ = ["serve"]

PORT = 22000
"""DfAnalyzer's."""

MAX_TOKEN = 8192


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Holds the bearer token that each request then carries. Default: KERAS_PROV_TOKEN. Beyond "
    "loopback one is required.",
)
@click.option(
    "--time-zone",
    metavar="NAME",
    help="The zone of times that clients say without one, such as America/Sao_Paulo. Default: this "
    "machine's.",
)
@store_option
def serve(
    host: str, port: int, token_file: Path | None, time_zone: str | None, store: str | None
) -> None:
    """Take messages of DfAnalyzer's clients over HTTP, and answer questions, until interrupted.

    The page /docs shows what can be asked.

    Example: keras-prov serve --port 22000
    """
    with friendly_errors():
        settings.check()
        token = _token(token_file)
        zone = None if time_zone is None else _zone(time_zone)
        url = chosen_store(store)
        try:
            from ..service import serve as run
        except ImportError as error:
            raise DfAnalyzerError(
                f"keras-prov serve needs FastAPI and uvicorn ({error}): "
                f"{install_command('service')}"
            ) from None
        run(url, settings.home(), host, port, token, _say, zone)


def _say(address: str) -> None:
    click.echo(
        f"Serving on {address}; {address}/docs shows what can be asked. Ctrl-C ends it.", err=True
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise DfAnalyzerError(
            f"--time-zone takes a name of the time zone database, such as America/Sao_Paulo or "
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
    """Refuse a token file that others can read or change, as ssh refuses such a key."""
    if os.name != "posix":
        return
    mode, mine = stat.S_IMODE(found.st_mode), found.st_uid in (os.geteuid(), 0)
    # a file of root may be readable by our group, as those that systemd and Kubernetes mount are
    others = 0o077 if found.st_uid == os.geteuid() else 0o027
    if mine and not mode & others:
        return
    raise DfAnalyzerError(
        f"The token file {file} has the mode {mode:04o} and belongs to user {found.st_uid}: others "
        "can read or change it, so its token is no secret. Make another one, and only yours: "
        f"chmod 600 {shlex.quote(str(file))}"
    )
