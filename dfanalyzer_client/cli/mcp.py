"""`keras-prov mcp`: questions of agents, over the Model Context Protocol."""

from __future__ import annotations

import click

from ..config import settings
from ..errors import DfAnalyzerError
from ..support.distribution import install_command
from .common import friendly_errors, store_option
from .strict_command import StrictCommand

__all__ = ["mcp"]

ROWS, SECONDS, CHARACTERS = 200, 20.0, 50_000


@click.command(cls=StrictCommand)
@click.option(
    "--rows",
    type=click.IntRange(1, 10_000),
    default=ROWS,
    show_default=True,
    help="Rows of an answer at most.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 3600),
    default=SECONDS,
    show_default=True,
    help="After which a question is stopped.",
)
@click.option(
    "--characters",
    type=click.IntRange(1000),
    default=CHARACTERS,
    show_default=True,
    help="Length of an answer at most.",
)
@store_option
def mcp(rows: int, seconds: float, characters: int, store: str | None) -> None:
    """Answer the questions of an agent over stdin and stdout; started by the agent's program.

    Its tools are runs, run, compare, curves and sql. They only read.

    Example: keras-prov mcp --rows 100
    """
    with friendly_errors():
        url = settings.store_url(store)
        if url is not None and url.password is None:  # stdin is the agent's: nobody can type it
            raise DfAnalyzerError(
                f"The password of {url.user} at {url.host} is missing: put the URL with it into "
                "KERAS_PROV_STORE, in the environment that the agent's program starts this with."
            )
        try:
            from ..agents import Limits, serve
        except ImportError as error:
            raise DfAnalyzerError(
                f"keras-prov mcp needs the SDK of the Model Context Protocol ({error}): "
                f"{install_command('mcp')}"
            ) from None
        serve(url, settings.home(), Limits(rows, seconds, characters))
