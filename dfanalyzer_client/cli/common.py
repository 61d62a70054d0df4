"""What all commands share: the store option, tables, and errors in one line."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..config import settings
from ..config.store_url import StoreURL
from ..delivery.leftovers import drain_leftovers
from ..errors import DfAnalyzerError, RefusedError
from ..store import Connection, reader_connection
from ..support.durations import duration
from ..support.terminal import terminal_text
from .forms import as_csv, json_text, named_columns
from .passwords import asked_password
from .tables import AS_CSV, print_table

__all__ = [
    "chosen_store",
    "duration",
    "form_options",
    "friendly_errors",
    "print_rows",
    "reading",
    "reading_from",
    "say",
    "store_option",
]

Command = TypeVar("Command", bound=Callable[..., Any])


def store_option(command: Command) -> Command:
    """Add ``--store`` to a command."""
    return click.option(
        "--store",
        metavar="URL",
        help="monetdb://user@host:port/database; you are asked for the password. Default: "
        "KERAS_PROV_STORE, which may contain the password, else the private server.",
    )(command)


def form_options(command: Command) -> Command:
    """Add ``--csv`` and ``--json`` to a command that prints rows."""
    for form, text in (("json", "a JSON list of objects"), ("csv", "CSV, with a header")):
        command = click.option(f"--{form}", "form", flag_value=form, help=f"Print rows as {text}.")(
            command
        )
    return command


@contextlib.contextmanager
def friendly_errors() -> Iterator[None]:
    """Turn an expected error into one line on stderr and exit code 1."""
    try:
        yield
    except RefusedError as error:
        from ..store.driver_errors import explained_refusal  # the driver takes long to import

        raise click.ClickException(terminal_text(explained_refusal(error))) from None
    except DfAnalyzerError as error:
        raise click.ClickException(terminal_text(error)) from None
    except BrokenPipeError:
        sys.stderr.close()  # whoever reads our output has closed it, as `head` does
        raise SystemExit(1) from None


def chosen_store(option: str | None) -> StoreURL | None:
    """The store that the user named; prompts for its password if that is missing.

    Raises:
        DfAnalyzerError: it is missing, and there is no terminal.
    """
    url = settings.store_url(option)
    if url is None or url.password is not None or url.is_relay:
        return url
    password = asked_password(
        f"{url.user} at {url.host}",
        "put the URL with it into KERAS_PROV_STORE, as monetdb://user:password@host:port/database",
    )
    return dataclasses.replace(url, password=password)


@contextlib.contextmanager
def reading(option: str | None, *, complete: bool = True) -> Iterator[Connection]:
    """A connection for queries, closed at the end.

    With `complete`, messages that ended processes of this machine left behind are stored first.
    """
    with reading_from(chosen_store(option), settings.home(), complete=complete) as connection:
        yield connection


@contextlib.contextmanager
def reading_from(
    url: StoreURL | None, home: Path, *, complete: bool = True
) -> Iterator[Connection]:
    """`reading`, of a store whose password is known."""
    unstored = drain_leftovers(url, home) if complete else 0
    with reader_connection(url, home) as connection:
        if unstored:
            click.echo(
                f"{unstored} messages of ended processes are not stored yet: `keras-prov sync` "
                "stores them.",
                err=True,
            )
        yield connection


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: str | None) -> None:
    """Print rows as a table, or as CSV or JSON if `form` says so."""
    if form == "csv":
        click.echo(as_csv(columns, rows), nl=False)
    elif form == "json":
        names = named_columns(columns)
        click.echo(json_text([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        print_table(named_columns(columns), rows, see_all=AS_CSV)
        click.echo(f"{len(rows)} row{'s' * (len(rows) != 1)}", err=True)


def say(text: object, *, err: bool = False) -> None:
    """Print a line that contains stored texts, with control characters spelled out."""
    click.echo(terminal_text(text), err=err)
