"""`keras-prov view`: the viewer, in a browser."""

from __future__ import annotations

import contextlib
import os
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ...config import settings
from ...errors import DfAnalyzerError
from ...support.distribution import install_command
from ..common import chosen_store, friendly_errors, reading, store_option
from ..completions import execution_tags
from ..output import write_pieces
from ..strict_command import StrictCommand
from .token_file import read_token

__all__ = ["view"]


@click.command(cls=StrictCommand)
@click.argument("executions", metavar="[EXECUTION]...", nargs=-1, shell_complete=execution_tags)
@click.option(
    "--export",
    "output",
    metavar="FILE.html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the executions into one HTML file instead, which opens without the viewer.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=None,
    help="Default: 8420, or a free one if that is taken.",
)
@click.option(
    "--browser/--no-browser",
    default=None,
    help="Whether to open a browser. Default: if this machine has a screen.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the token of the link. Default: KERAS_PROV_TOKEN, or else a random one.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Name by which a proxy calls the viewer. Can be repeated.",
)
@click.option(
    "--root-path", default="", metavar="PATH", help="Path that a proxy puts before the viewer's."
)
@store_option
def view(
    executions: tuple[str, ...],
    output: Path | None,
    host: str,
    port: int | None,
    browser: bool | None,
    token_file: Path | None,
    hosts: tuple[str, ...],
    root_path: str,
    store: str | None,
) -> None:
    """Show executions in a browser, also while they train, until interrupted.

    The link that it prints has a token, without which nobody gets in. With --export, the named
    executions become a file: one with all that is known of it, or several compared.

    Example: keras-prov view --export last.html last
    """
    if (output is None) != (not executions):
        raise click.UsageError("--export FILE.html and an EXECUTION, or several, belong together.")
    with friendly_errors():
        settings.check()
        if output is not None:
            _export(executions, output, store)
            return
        token = read_token(token_file)
        url = chosen_store(store)
        with _needs_extra():
            from ...viewer.serving import serve
        opens = _has_screen() if browser is None else browser
        serve(
            url,
            settings.home(),
            host,
            port,
            lambda link: _report(link, opens=opens),
            token=token,
            hosts=hosts,
            root_path=root_path,
        )


def _export(executions: Sequence[str], output: Path, store: str | None) -> None:
    """Write the executions into an HTML file; the umask decides who may read it."""
    with _needs_extra():
        from ...viewer.exports.one_file import static_page
    from ...analysis import Runs
    from ...analysis.finding import summaries_with

    with reading(store) as connection:
        runs = Runs(summaries_with(connection, list(executions)))
        text = static_page(connection, runs)
    write_pieces([text.encode()], output, "html", is_binary=False)


@contextlib.contextmanager
def _needs_extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise DfAnalyzerError(
            f"keras-prov view needs FastAPI and Jinja2 ({error}): {install_command('view')}"
        ) from None


def _report(link: str, *, opens: bool) -> None:
    click.echo(f"The viewer is at {link}\nCtrl-C stops it.", err=True)
    if opens:
        webbrowser.open(link)


def _has_screen() -> bool:
    """Whether a browser can show something here."""
    if sys.platform in ("win32", "darwin"):
        return not os.environ.get("SSH_CONNECTION")
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
