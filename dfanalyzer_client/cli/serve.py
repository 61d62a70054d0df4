"""`keras-prov serve`: DfAnalyzer's HTTP service."""

from __future__ import annotations

from pathlib import Path

import click

from .. import settings
from ..errors import DfAnalyzerError
from .common import chosen_store, friendly_errors, store_option

__all__ = ["serve"]

PORT = 22000
"""DfAnalyzer's."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Holds the bearer token that each request then carries. Default: KERAS_PROV_TOKEN. Beyond "
    "loopback one is required.",
)
@store_option
def serve(host: str, port: int, token_file: Path | None, store: str | None) -> None:
    """Take messages of DfAnalyzer's clients over HTTP, and answer questions, until interrupted.

    The page /docs shows what can be asked.

    Example: keras-prov serve --port 22000
    """
    with friendly_errors():
        settings.check()
        token = _token(token_file)
        url = chosen_store(store)
        try:
            from ..service import serve as run
        except ImportError as error:
            raise DfAnalyzerError(
                f"keras-prov serve needs FastAPI and uvicorn ({error}): "
                "pip install 'keras-prov[service]'"
            ) from None
        run(url, settings.home(), host, port, token, _say)


def _say(address: str) -> None:
    click.echo(
        f"Serving on {address}; {address}/docs shows what can be asked. Ctrl-C ends it.", err=True
    )


def _token(file: Path | None) -> str | None:
    if file is None:
        return settings.token()
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DfAnalyzerError(f"The token file {file} cannot be read: {error}.") from None
    return settings.checked_token(text, str(file))
