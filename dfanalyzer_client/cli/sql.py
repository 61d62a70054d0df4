"""`keras-prov sql`: a statement and its rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from ..errors import RefusedError
from ..questions.sql_cures import cure, enter_schema, warning
from ..store import Connection
from ..support.sql_text import split_statements
from .common import form_options, friendly_errors, print_rows, reading, say, store_option
from .completions import dataflow_tags
from .strict_command import StrictCommand

__all__ = ["sql"]

PROMPT, CONTINUED = "sql> ", "  -> "


@click.command(cls=StrictCommand)
@click.argument("statement", required=False)
@click.option(
    "--dataflow",
    metavar="TAG",
    shell_complete=dataflow_tags,
    help="The dataflow whose sets are named without its schema.",
)
@form_options
@store_option
def sql(statement: str | None, dataflow: str | None, form: str | None, store: str | None) -> None:
    """Run STATEMENT and print its rows; without STATEMENT, prompt for statements.

    Tables of the catalogue need no schema. On the private server, statements run as a user who may
    only SELECT.

    Example: keras-prov sql --dataflow sums 'SELECT * FROM task, itrainingmodel'
    """
    with friendly_errors(), reading(store) as connection:
        enter_schema(connection, dataflow)
        if statement is not None:
            whole, rest = split_statements(statement)
            for text in [*whole, rest]:
                if text.strip():
                    _run(connection, text, form)
            return
        failed = False
        for typed in _typed_statements():
            try:
                _run(connection, typed, form)
            except RefusedError as error:
                failed = True
                say(f"Error: {error}", err=True)
    if failed and not sys.stdin.isatty():
        raise SystemExit(1)  # for a script that pipes statements in


def _run(connection: Connection, statement: str, form: str | None) -> None:
    try:
        with connection.transaction():
            columns, rows, count = connection.table(statement.strip())
    except RefusedError as error:
        advice = cure(connection, statement, error)
        if not advice:
            raise
        raise RefusedError(f"{str(error).rstrip('.')}. {advice}") from error
    if not rows and (advice := warning(connection, statement)):
        say(advice, err=True)
    if not columns:
        click.echo(f"{count} rows affected." if count > 0 else "Done.", err=True)
    else:
        print_rows(columns, rows, form)


def _typed_statements() -> Iterator[str]:
    """Statements from the terminal or a pipe, each up to its semicolon or the end of the input."""
    if sys.stdin.isatty():
        import readline  # noqa: F401  # gives input() line editing and a history

        click.echo("Statements end with a semicolon; \\q or Ctrl-D quits.", err=True)
    pending = ""
    while True:
        try:
            line = _line(CONTINUED if pending else PROMPT)
        except (EOFError, KeyboardInterrupt):
            break
        if not pending and line.strip() in ("\\q", "quit", "exit"):
            return
        statements, pending = split_statements(f"{pending}\n{line}" if pending else line)
        yield from statements
        pending = pending if pending.strip() else ""
    (last, _) = split_statements(f"{pending}\n;")
    yield from last


def _line(prompt: str) -> str:
    return input(prompt if sys.stdin.isatty() else "")
